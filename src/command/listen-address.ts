import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, isIP } from "node:net";
import { CommandFailure, EXIT_PORT_IN_USE } from "../shell/command-failure.ts";
import { reasonOf } from "../shell/local-secrets.ts";

/**
 * Free ports are looked for below those that systems give to outgoing connections (from 32768 on
 * Linux): one of those may be gone again before the runtime listens.
 */
const FREE_FROM = 20_000;
const FREE_TO = 32_767;
const FREE_TRIES = 50;

/**
 * The port to use, known to be free a moment ago; 0 becomes a free one. Asked before anything is
 * built, so that the commonest mistake is told at once.
 */
export async function claimPort(host: string, port: number): Promise<number> {
  if (port !== 0) {
    if (await isFree(host, port)) return port;
    throw portInUse(port);
  }
  for (let attempt = 0; attempt < FREE_TRIES; attempt += 1) {
    const candidate = randomInt(FREE_FROM, FREE_TO);
    // oxlint-disable-next-line no-await-in-loop -- the next one only if this one is taken
    if (await isFree(host, candidate)) return candidate;
  }
  throw new CommandFailure(`Cannot find a free port on ${host}: choose one with --port`);
}

async function isFree(host: string, port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, "listening");
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return false;
    const what = `Cannot listen on ${host} port ${port}`;
    throw new CommandFailure(`${what}: ${reasonOf(error)}`, undefined, { cause: error });
  } finally {
    probe.close();
  }
}

export function portInUse(port: number): CommandFailure {
  const other = port === 65_535 ? 8787 : port + 1;
  return new CommandFailure(
    `Port ${port} is in use: stop what listens there, or choose another one with --port ${other}`,
    EXIT_PORT_IN_USE,
  );
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** Where this machine reaches what listens on `host`: "every address" is none to connect to. */
export function localUrl(host: string, port: number): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${isIP(reachable) === 6 ? `[${reachable}]` : reachable}:${port}`;
}
