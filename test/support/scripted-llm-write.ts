import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Write } from "./scripted-llm-chunks.ts";
import type { RecordedRequest } from "./scripted-llm-log.ts";

/** A pause that ends early when the reader has left. */
export async function pause(response: ServerResponse, ms: number): Promise<void> {
  if (ms <= 0 || response.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  response.once("close", resolve);
  await promise;
  clearTimeout(timer);
  response.off("close", resolve);
}

/** Writes as far as the reader reads, one piece a write; stops when it has left. */
export async function writeAll(
  response: ServerResponse,
  writes: Iterable<Write>,
  how: Readonly<{
    pauseMs: number;
    shred: number | undefined;
    crlf: boolean;
    record: RecordedRequest;
  }>,
): Promise<void> {
  // Each write is to be a packet of its own, as far as it is up to us.
  response.socket?.setNoDelay(true);
  for (const write of writes) {
    await pause(response, how.pauseMs);
    if (response.destroyed) return;
    if (typeof write !== "string" && "pause" in write) {
      await pause(response, write.pause);
      continue;
    }
    if (typeof write !== "string") {
      if (write.end === "cut") {
        how.record.broken = true;
        await breakOff(response);
      }
      if (write.end === "close") response.end();
      return;
    }
    const bytes = Buffer.from(how.crlf ? write.replaceAll("\n", "\r\n") : write);
    const size = how.shred ?? bytes.length;
    for (let at = 0; at < bytes.length; at += size) {
      await writeOne(response, bytes.subarray(at, at + size), how.record);
      // Without a turn of the loop Node would gather them into one packet.
      await new Promise(setImmediate);
    }
  }
  response.end();
}

async function writeOne(
  response: ServerResponse,
  bytes: Buffer,
  record: RecordedRequest,
): Promise<void> {
  if (response.destroyed) return;
  record.sent += bytes.length;
  if (response.write(bytes)) return;
  const left = new AbortController();
  const leave = (): void => left.abort();
  response.once("close", leave);
  await once(response, "drain", { signal: left.signal }).catch(() => {
    // The reader has left; the caller sees it.
  });
  response.off("close", leave);
}

/** What was written arrives, the end does not. */
async function breakOff(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    response.write(":", () => resolve());
  });
  response.destroy();
}
