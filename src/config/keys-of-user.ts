import * as z from "zod";

const ofSomebody = z.object({ hash: z.string(), user: z.string() });

/** The hashes of a user's keys, among the records of all keys. */
export function keysOfUser(
  records: readonly Readonly<{ value: string }>[],
  user: string,
): readonly string[] {
  return records.flatMap(({ value }) => {
    const key = ofSomebody.safeParse(JSON.parse(value)).data; // written by us: it is JSON
    return key?.user === user ? [key.hash] : [];
  });
}
