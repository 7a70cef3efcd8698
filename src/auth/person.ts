/** Somebody at a client that many people share, as the client tells us. */
export type Person = Readonly<{
  /** Of the client's own making; the same for the same person. */
  id: string;
  name: string | undefined;
  email: string | undefined;
  role: string | undefined;
  groups: readonly string[];
}>;
