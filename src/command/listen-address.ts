import { once } from "node:events";
import { createServer, isIP } from "node:net";
import { CommandFailure, EXIT_PORT_IN_USE } from "./command-failure.ts";
import { reasonOf } from "./local-secrets.ts";

/**
 * The port to use, known to be free a moment ago; 0 becomes one the system chose. Asked before
 * anything is built, so that the commonest mistake is told at once.
 */
export async function claimPort(host: string, port: number): Promise<number> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, "listening");
    const address = probe.address();
    return typeof address === "object" && address !== null ? address.port : port;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
      throw portInUse(port);
    }
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
