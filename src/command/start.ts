import type { ServeOptions } from "./serve-line.ts";
import { toLogLevel } from "../shell/log-level.ts";
import { describeRuntimeLine } from "./runtime-log.ts";
import { serveGateway } from "./serve-gateway.ts";
import { openWorkerBundle } from "./worker-bundle.ts";

/** `npm start`: the bundle that deploy ships, on workerd itself. */
export function start(options: ServeOptions, version: string): Promise<number> {
  return serveGateway(options, {
    version,
    openHost: async ({ say, ...needs }) => {
      const [bundle, { openLocalRuntime }] = await Promise.all([
        openWorkerBundle(),
        // Loading it takes a third of a second, in which the bundle is read or built.
        import("./local-runtime.ts"),
      ]);
      return openLocalRuntime({
        ...needs,
        bundle,
        onLog: (level, message) => {
          const line = isDebugging(options) ? message : describeRuntimeLine(message);
          if (line === undefined) return;
          if (level === "error" || level === "warn") console.error(line);
          else say(line);
        },
      });
    },
  });
}

/** Who debugs wants every line as the runtime wrote it. */
function isDebugging({ logLevel }: ServeOptions): boolean {
  return (logLevel ?? toLogLevel(process.env["LOG_LEVEL"] ?? "")) === "debug";
}
