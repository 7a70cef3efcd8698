/**
 * Texts kept for a while for one user, each under a name that cannot be guessed: what a chat, which
 * has no memory of its own, comes back for.
 */
export type Slips = Readonly<{
  put: (userId: string, slip: Slip) => Promise<void>;
  /** The text, for the first who asks for it; undefined when it is unknown, taken or over. */
  take: (userId: string, name: string) => Promise<string | undefined>;
  /** The texts that are still there, by name; they stay. */
  read: (userId: string, names: readonly string[]) => Promise<ReadonlyMap<string, string>>;
}>;

export type Slip = Readonly<{ name: string; text: string; lifeMs: number }>;
