import type { Answering } from "../chat/answering.ts";
import type { After } from "../core/patience.ts";

/**
 * Proxies close a silent connection, the shortest known after 15 s, and only a stream shows that a
 * client has left. A provider that thinks for longer is waited for in the stream; what fails before
 * has a status of its own, three tries included.
 */
const SOON_MS = 10_000;

/** What `work` comes to if that is soon, else "later". Rejects as `work` does if that is soon. */
export function soon<Value>(work: Promise<Value>, after: After): Promise<Value | "later"> {
  return new Promise((resolve, reject) => {
    const callOff = after(SOON_MS, () => resolve("later"));
    work.finally(callOff).then(resolve, reject);
  });
}

/** An answer that has begun soon as it is; else one whose failure to begin is told in the stream. */
export async function beginSoon(begun: Promise<Answering>, after: After): Promise<Answering> {
  const answering = await soon(begun, after);
  if (answering !== "later") return answering;
  return {
    run: async (sink) => (await begun).run(sink),
    mayBeRepeated: () => true, // asked before the first byte only, and that is gone
  };
}
