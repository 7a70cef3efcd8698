import { sendAsOwner } from "./worker.ts";

/** A new API key with these rights. */
export async function keyFor(rights: object): Promise<string> {
  const made = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "rest", ...rights }),
  });
  const { key } = (await made.json()) as { key: string };
  return key;
}
