import { quirk } from "./backend-calls.ts";
import type { Arrived } from "./quirky-backends.ts";

export type Scripted = Readonly<{ url: string; arrived: () => Promise<Arrived[]> }>;

/**
 * A legacy backend that answers `offer[method]`, or `offer["method name"]` where there is one. A
 * result `{ text }` is the whole answer as it stands, `$ID` in it the id of the request.
 */
export async function scripted(offer: Record<string, object>): Promise<Scripted> {
  const { url, control, arrived } = quirk("scripted");
  await control({ offer });
  return { url, arrived };
}
