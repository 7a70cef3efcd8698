import type { ServeOptions } from "./serve-line.ts";
import { openDevHost } from "./dev-host.ts";
import { serveGateway } from "./serve-gateway.ts";

/** `npm run dev`: the source itself, rebuilt when it changes. */
export function dev(options: ServeOptions, version: string): Promise<number> {
  return serveGateway(options, { version, openHost: openDevHost });
}
