import type { Fetch } from "./outbound.ts";

/**
 * A binding straight to the network. Only the local host has one: there a script of the development
 * tool stands behind the platform's `fetch` and costs a third of every call.
 */
export type WayOut = Readonly<{ OUTBOUND?: Readonly<{ fetch: Fetch }> }>;

export function wayOut({ OUTBOUND }: WayOut): Fetch {
  if (OUTBOUND !== undefined) return (url, init) => OUTBOUND.fetch(url, init);
  return (url, init) => fetch(url, init);
}
