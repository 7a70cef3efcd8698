import type { Fixture } from "../support/loopback-server.ts";
import { startPassThrough } from "../support/pass-through.ts";

/**
 * The suite knows no credentials: this adds the bearer and changes nothing else. Host and Origin
 * pass as they came (the suite tests what is made of foreign ones).
 */
export function startBearerProxy(gateway: string, token: string): Promise<Fixture> {
  return startPassThrough(new URL(gateway).origin, (headers) => ({
    ...headers,
    authorization: `Bearer ${token}`,
  }));
}
