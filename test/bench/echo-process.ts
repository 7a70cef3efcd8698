import { join } from "node:path";
import { startChild } from "../support/child.ts";

export const ECHO_STDIO = join(import.meta.dirname, "echo-stdio.ts");

/** The echo backend in its own process, so that its CPU is nobody else's; its origin. */
export function startEcho(cleanup: AsyncDisposableStack): Promise<string> {
  return start("echo-backend.ts", cleanup);
}

/** The one with sessions, questions and progress. */
export function startEchoSession(cleanup: AsyncDisposableStack): Promise<string> {
  return start("echo-session.ts", cleanup);
}

/** The one over HTTP+SSE; the address of its stream. */
export async function startEchoSse(cleanup: AsyncDisposableStack): Promise<string> {
  return `${await start("echo-sse.ts", cleanup)}/sse`;
}

/** A language model's provider. */
export function startChunkSource(cleanup: AsyncDisposableStack): Promise<string> {
  return start("chunk-source.ts", cleanup);
}

async function start(file: string, cleanup: AsyncDisposableStack): Promise<string> {
  const child = startChild(process.execPath, [join(import.meta.dirname, file)]);
  cleanup.defer(async () => void (await child.stop("SIGKILL")));
  const [, url = ""] = await child.see(/listening on (\S+)/);
  return url;
}
