import type { JsonObject } from "../../src/core/json.ts";
import { dial, type Dialled, type DialOptions } from "./dial-connector.ts";

/** A local server of a test: takes what the gateway sends, and writes whenever it likes. */
export type LocalServer = (message: JsonObject, write: (message: JsonObject) => void) => void;

export type Connected = Dialled & Readonly<{ received: readonly JsonObject[] }>;

/** Dials in for a backend and runs a server behind it. */
export async function connectServer(
  backend: string,
  server: LocalServer,
  options: DialOptions & Readonly<{ run?: string; sequence?: number }> = {},
): Promise<Connected> {
  const dialled = await dial(backend, options);
  const received: JsonObject[] = [];
  void listen();
  dialled.hello({ sequence: options.sequence ?? 0, command: "scripted" });
  await dialled.next("welcome");
  dialled.up(options.run);
  return { ...dialled, received };

  async function listen(): Promise<void> {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop
      const frame = await dialled.next("message").catch(() => undefined);
      if (frame === undefined) return; // the test is over, or nothing is asked any more
      const message = JSON.parse(frame.text) as JsonObject;
      received.push(message);
      server(message, dialled.tell);
    }
  }
}

export type Answers = Readonly<
  Record<
    string,
    (params: JsonObject, request: JsonObject, write: (m: JsonObject) => void) => unknown
  >
>;

const INITIALIZE = {
  protocolVersion: "2025-11-25",
  capabilities: { tools: { listChanged: true } },
  serverInfo: { name: "local", version: "1.0" },
};

/** A legacy server with a tool `echo`; `answers` says what else it knows, undefined: no answer. */
export function echoServer(answers: Answers = {}): LocalServer {
  const known: Answers = {
    initialize: () => INITIALIZE,
    ping: () => ({}),
    "tools/list": () => ({ tools: [{ name: "echo", inputSchema: { type: "object" } }] }),
    "tools/call": ({ arguments: given }) => ({
      content: [{ type: "text", text: JSON.stringify(given) }],
    }),
    ...answers,
  };
  return (message, write) => {
    const { id, method, params } = message;
    if (typeof method !== "string" || id === undefined) return;
    const answer = known[method];
    if (answer === undefined) {
      return write({ jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } });
    }
    const result = answer((params ?? {}) as JsonObject, message, write);
    if (result !== undefined) write({ jsonrpc: "2.0", id, result: result as JsonObject });
  };
}
