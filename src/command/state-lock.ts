import { mkdir, unlink } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { once } from "node:events";
import { CommandFailure } from "../shell/command-failure.ts";
import { reasonOf } from "../shell/local-secrets.ts";

/** The kernel's limit for the name of a socket is 104 to 108 bytes. */
const MAX_SOCKET_PATH = 100;

export type StateLock = Readonly<{ release: () => void }>;

/**
 * Two gateways on one state folder would each keep their own idea of it. A socket and not a file
 * with a pid: it can not be stale, since a dead process answers no connection and a container
 * gives out the same pids again.
 */
export async function lockState(state: string): Promise<StateLock> {
  try {
    await mkdir(state, { recursive: true });
  } catch (error) {
    throw new CommandFailure(`Cannot use --state ${state}: ${reasonOf(error)}`, undefined, {
      cause: error,
    });
  }
  const path = join(state, "in-use.sock");
  if (process.platform === "win32" || Buffer.byteLength(path) > MAX_SOCKET_PATH) {
    return { release: () => {} };
  }
  if (await isAnswered(path)) {
    throw new CommandFailure(
      `The state in ${state} is in use by another gateway: stop it, or choose another folder with --state`,
    );
  }
  await unlink(path).catch(() => {}); // usually there is none
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen(path);
    await once(server, "listening");
  } catch {
    return { release: () => {} }; // a file system without sockets
  }
  server.unref();
  return { release: () => server.close() };
}

async function isAnswered(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}
