import { join } from "node:path";
import { startChild } from "../support/child.ts";

export const ECHO_STDIO = join(import.meta.dirname, "echo-stdio.ts");

/** The echo backend in its own process, so that its CPU is nobody else's; its origin. */
export async function startEcho(cleanup: AsyncDisposableStack): Promise<string> {
  const child = startChild(process.execPath, [join(import.meta.dirname, "echo-backend.ts")]);
  cleanup.defer(async () => void (await child.stop("SIGKILL")));
  const [, url = ""] = await child.see(/listening on (\S+)/);
  return url;
}
