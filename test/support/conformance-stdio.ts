/* oxlint-disable unicorn/prefer-add-event-listener -- transports of the SDK are no event targets */
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import type { Transport } from "@modelcontextprotocol/server";
import {
  serveStdio,
  StdioServerTransport as ModernStdioTransport,
} from "@modelcontextprotocol/server/stdio";
import { createLegacyServer } from "./conformance-legacy-server.ts";
import { createModernServer } from "./conformance-modern.ts";
import { TOOLS } from "./conformance-offer.ts";
import { createConformanceState } from "./conformance-state.ts";
import type { ConformanceTasks } from "./conformance-tasks.ts";

/** The conformance server as a connector starts it: `node conformance-stdio.ts legacy` or `modern`. */
if (process.argv[2] === "modern") {
  const { create, tasks } = createModernServer();
  serveStdio(create, { legacy: "reject", transport: withTasks(new ModernStdioTransport(), tasks) });
} else {
  const server = createLegacyServer(createConformanceState(TOOLS), { pushes: true });
  await server.connect(new StdioServerTransport());
}

/** Tasks are answered before the SDK, which does not know them, sees the request. */
function withTasks(inner: Transport, tasks: ConformanceTasks): Transport {
  const outer: Transport = {
    async start() {
      inner.onmessage = (message, extra) => {
        const reply = tasks.answer(JSON.stringify(message), headersOf(message));
        if (reply === undefined) outer.onmessage?.(message, extra);
        else void inner.send(reply.body as Parameters<Transport["send"]>[0]);
      };
      inner.onclose = () => outer.onclose?.();
      inner.onerror = (error) => outer.onerror?.(error);
      await inner.start();
    },
    send: (message, options) => inner.send(message, options),
    close: () => inner.close(),
  };
  return outer;
}

/** As HTTP would say it: on a pipe nothing can disagree. */
function headersOf(message: object): Record<string, string> {
  const { method, params } = message as { method?: string; params?: Record<string, unknown> };
  const named = params?.["taskId"] ?? params?.["name"];
  return { "mcp-method": String(method), "mcp-name": String(named) };
}
