import * as z from "zod";

/** What a consent decided, kept sealed in the grant by the OAuth library. */
const grantProps = z.object({
  /** Backends the person ticked; without: all they may use, those of tomorrow too. */
  allow: z.array(z.string()).readonly().optional(),
  client: z.object({ id: z.string(), name: z.string() }).readonly().optional(),
});

export type GrantProps = Readonly<z.infer<typeof grantProps>>;

/** Undefined for what no version of this gateway has written: such a grant is good for nothing. */
export function parseGrantProps(props: unknown): GrantProps | undefined {
  return grantProps.safeParse(props ?? {}).data;
}
