import type { ServeOptions } from "./command-line.ts";
import { oneLine } from "./terminal.ts";
import { serveGateway } from "./serve-gateway.ts";
import { openWorkerBundle } from "./worker-bundle.ts";

const LOG_LINE = 2_000;

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
          const line = oneLine(message, LOG_LINE);
          if (level === "error" || level === "warn") console.error(line);
          else say(line);
        },
      });
    },
  });
}
