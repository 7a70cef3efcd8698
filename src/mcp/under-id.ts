import type { RequestId } from "../core/json-rpc.ts";

/**
 * An answer under another id. `token` is the id it has: random, so that it stands in the text once
 * unless the backend repeats it, and then first as the id or in the backend's own words.
 */
export function underId(text: string, token: string, id: RequestId): string {
  return text.replace(JSON.stringify(token), () => JSON.stringify(id));
}
