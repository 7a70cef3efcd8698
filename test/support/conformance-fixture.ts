import { parseArgs } from "node:util";
import { startLegacyHttp, startLegacySse } from "./conformance-legacy.ts";
import { startModern } from "./conformance-modern.ts";
import type { Fixture } from "./loopback-server.ts";

/** Every wire the conformance server speaks. */
export const CONFORMANCE_WIRES = {
  "legacy-json": (port?: number) =>
    startLegacyHttp({ session: false, json: true, ...(port === undefined ? {} : { port }) }),
  "legacy-session": (port?: number) =>
    startLegacyHttp({ session: true, json: false, ...(port === undefined ? {} : { port }) }),
  "legacy-sse": startLegacySse,
  modern: startModern,
} satisfies Record<string, (port?: number) => Promise<Fixture>>;

/** `node test/support/conformance-fixture.ts --wire legacy-session --port 4001` */
if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      wire: { type: "string", default: "legacy-session" },
      port: { type: "string", default: "0" },
    },
  });
  const wires: Record<string, (port?: number) => Promise<Fixture>> = CONFORMANCE_WIRES;
  const start = wires[values.wire];
  if (start === undefined) {
    console.error(`--wire must be one of ${Object.keys(wires).join(", ")}`);
    process.exitCode = 1;
  } else {
    const fixture = await start(Number(values.port));
    console.log(fixture.url);
    // The server itself does not keep the process alive: this does, until it is told to stop.
    const alive = setInterval(() => {}, 60_000);
    process.on("SIGTERM", () => {
      clearInterval(alive);
      void fixture.close();
    });
  }
}
