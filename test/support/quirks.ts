import { randomUUID } from "node:crypto";
import type { Exchange } from "./quirky-backends.ts";

type Quirk = (exchange: Exchange) => void | Promise<void>;

/** Plain JSON answers over the methods every server has; a quirk changes one thing of it. */
function plain(exchange: Exchange, change: Record<string, Quirk> = {}): void | Promise<void> {
  const { request, response, message, memory } = exchange;
  if (request.method !== "POST") {
    response.writeHead(405).end();
    return;
  }
  if (message.id === undefined) {
    const quirk = change[message.method ?? ""];
    if (quirk !== undefined) return quirk(exchange);
    response.writeHead(202).end();
    return;
  }
  const method = message.method ?? "";
  const quirk = change[method];
  if (quirk !== undefined) return quirk(exchange);
  switch (method) {
    case "initialize":
      return result(exchange, {
        protocolVersion: message.params?.["protocolVersion"],
        capabilities: { tools: {} },
        serverInfo: { name: "quirky", version: "1" },
      });
    case "tools/list":
      return result(exchange, { tools: (memory.tools ?? ["call"]).map(toolNamed) });
    case "tools/call":
      return result(exchange, {
        content: [
          {
            type: "text",
            text: JSON.stringify({ headers: request.headers, params: message.params }),
          },
        ],
      });
    default:
      return error(exchange, -32601, `Method not found: ${method}`);
  }
}

function toolNamed(name: string): object {
  return { name, inputSchema: { type: "object" } };
}

function json(exchange: Exchange, body: string, { status = 200, headers = {} } = {}): void {
  exchange.response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  exchange.response.end(body);
}

function result(exchange: Exchange, value: unknown): void {
  json(exchange, JSON.stringify({ jsonrpc: "2.0", id: exchange.message.id, result: value }));
}

function error(exchange: Exchange, code: number, text: string, status = 200): void {
  const { id = null } = exchange.message;
  json(exchange, JSON.stringify({ jsonrpc: "2.0", id, error: { code, message: text } }), {
    status,
  });
}

function event(data: unknown, id?: string): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: message\ndata: ${JSON.stringify(data)}\n\n`;
}

function answerTo(exchange: Exchange, text: string): object {
  return {
    jsonrpc: "2.0",
    id: exchange.message.id,
    result: { content: [{ type: "text", text }] },
  };
}

function openStream({ response }: Exchange): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
}

/** Answers tools/call by `call`, everything else plainly. */
function onCall(call: Quirk): Quirk {
  return (exchange) => plain(exchange, { "tools/call": call });
}

function onCallText(makeText: (exchange: Exchange) => string): Quirk {
  return onCall((exchange) => json(exchange, makeText(exchange)));
}

function withSession(refuse: Quirk): Quirk {
  return (exchange) => {
    const { request, response, message, memory } = exchange;
    const id = request.headers["mcp-session-id"];
    if (message.method === "initialize") {
      const created = randomUUID();
      memory.sessions.add(created);
      response.setHeader("mcp-session-id", created);
      return plain(exchange);
    }
    if (typeof id !== "string" || !memory.sessions.has(id)) return refuse(exchange);
    if (request.method === "DELETE") {
      memory.sessions.delete(id);
      response.writeHead(204).end();
      return;
    }
    return plain(exchange, {
      // Answers come out of order, so that a mix-up of equal ids would show.
      "tools/call": (call) =>
        new Promise((resolve) => {
          setTimeout(() => {
            result(call, { echoed: call.message.params?.["arguments"], session: id });
            resolve();
          }, Math.random() * 20);
        }),
    });
  };
}

function spoken({ hasStream }: { hasStream: boolean }): Quirk {
  return async (exchange) => {
    const { request, response, message, memory } = exchange;
    const id = request.headers["mcp-session-id"];
    const isKnown = typeof id === "string" && memory.sessions.has(id);
    if (message.method !== "initialize" && !isKnown) {
      response.writeHead(404).end("Session not found");
      return;
    }
    if (request.method === "GET" && hasStream) {
      memory.stream = response;
      openStream(exchange);
      response.write(": hello\n\n");
      response.on("close", () => {
        memory.log.push({ http: "CLOSED", headers: request.headers, message: undefined });
      });
      return;
    }
    // As a web framework answers for a route it does not have.
    if (request.method === "GET") {
      response.writeHead(404).end("Cannot GET");
      return;
    }
    if (request.method === "DELETE") {
      memory.sessions.delete(String(id));
      response.writeHead(204).end();
      return;
    }
    const { name, arguments: args } = message.params ?? {};
    return plain(exchange, {
      initialize: (call) => {
        const created = randomUUID();
        memory.sessions.add(created);
        response.setHeader("mcp-session-id", created);
        result(call, {
          protocolVersion: "2025-11-25",
          capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
          serverInfo: { name: "spoken", version: "1" },
        });
      },
      "notifications/initialized": ({ response: accepted }) => {
        // To whom it concerns: nothing is kept for a stream that is opened later.
        for (const one of memory.greetings) memory.stream?.write(event(one));
        accepted.writeHead(202).end();
      },
      ping: (call) => result(call, {}),
      "resources/list": (call) => result(call, { resources: [] }),
      "resources/templates/list": (call) => result(call, { resourceTemplates: [] }),
      "resources/subscribe": (call) => result(call, {}),
      "resources/unsubscribe": (call) => result(call, {}),
      "tools/call": (call) => {
        const { messages = [] } = { ...(args as { messages?: object[] } | undefined) };
        if (name === "say") memory.stream?.write(messages.map((one) => event(one)).join(""));
        if (name === "hang-up") memory.stream?.end();
        if (name !== "mention") return result(call, { content: [] });
        openStream(call);
        for (const one of [...messages, answerTo(call, "done")]) response.write(event(one));
        response.end();
      },
    });
  };
}

/** Calls under way, by whose they are. */
const underWay = new WeakMap<Exchange["memory"], number>();

export const QUIRKS: Readonly<Record<string, Quirk | undefined>> = {
  plain: (exchange) => plain(exchange),

  /** A legacy backend that offers what the test wrote down: see `scripted-backend.ts`. */
  scripted: (exchange) => {
    const { method = "", params } = exchange.message;
    const { offer } = exchange.memory;
    const named = offer[`${method} ${String(params?.["name"] ?? params?.["uri"])}`];
    const answered = named ?? offer[method];
    if (answered === undefined || exchange.message.id === undefined) return plain(exchange);
    if ("text" in answered) {
      const text = String(answered.text).replace("$ID", JSON.stringify(exchange.message.id));
      return json(exchange, text);
    }
    if (method !== "initialize") return result(exchange, answered);
    return result(exchange, {
      protocolVersion: params?.["protocolVersion"],
      serverInfo: { name: "scripted", version: "1" },
      capabilities: { tools: {} },
      ...answered,
    });
  },

  /** frappe/mcp and Frappe Assistant Core: JSON-RPC errors in HTTP 400, one version, HEAD 401. */
  frappe: (exchange) => {
    const { request, response, message } = exchange;
    if (request.method === "HEAD") {
      response.writeHead(401, { "www-authenticate": "Bearer" }).end();
      return;
    }
    if (request.headers.authorization !== "token key:secret") {
      json(exchange, '{"error":"invalid_token","message":"Unauthorized"}', { status: 401 });
      return;
    }
    return plain(exchange, {
      initialize: (call) =>
        result(call, {
          protocolVersion: "2025-06-18",
          capabilities: { tools: {} },
          serverInfo: { name: "frappe", version: "2.5" },
        }),
      "server/discover": (call) => error(call, -32601, "Method not found", 400),
      "tools/call": (call) =>
        message.params?.["name"] === "bad"
          ? error(call, -32602, "DocType is required", 400)
          : result(call, { content: [{ type: "text", text: '{"success":true}' }] }),
    });
  },

  /** Home Assistant core: wants application/json accepted, one JSON object, tools and prompts. */
  ha: (exchange) => {
    const { request, response } = exchange;
    if (request.method === "POST" && !request.headers.accept?.includes("application/json")) {
      response.writeHead(400).end("Client must accept application/json");
      return;
    }
    return plain(exchange, {
      initialize: (call) =>
        result(call, {
          protocolVersion: "2025-03-26",
          capabilities: { tools: {}, prompts: {} },
          serverInfo: { name: "home-assistant", version: "1" },
        }),
      "prompts/list": (call) => result(call, { prompts: [{ name: "Assist" }] }),
    });
  },
  "ha-not-configured": ({ response }) => {
    response.writeHead(404).end("Model Context Protocol server is not configured");
  },

  session: withSession(({ response }) => {
    response.writeHead(404).end("Session not found");
  }),
  /**
   * Keeps a session and a GET stream, on which the tool `say` puts its argument `messages`, and
   * `hang-up` ends it. `mute` does not have the stream.
   */
  spoken: spoken({ hasStream: true }),
  mute: spoken({ hasStream: false }),

  /** Servers on the SDK's example after a restart. */
  "session-400": withSession((exchange) =>
    error(exchange, -32_000, "Bad Request: No valid session ID provided", 400),
  ),

  paging: (exchange) =>
    plain(exchange, {
      "tools/list": (call) => {
        const page = Number(call.message.params?.["cursor"] ?? 0);
        const tools = [0, 1, 2, 3, 4].map((index) => toolNamed(`tool_${page * 5 + index}`));
        result(call, { tools, ...(page < 9 ? { nextCursor: String(page + 1) } : {}) });
      },
    }),
  "paging-in-circles": (exchange) =>
    plain(exchange, {
      "tools/list": (call) => {
        const cursor = call.message.params?.["cursor"];
        result(call, { tools: [toolNamed(`at_${String(cursor)}`)], nextCursor: "again" });
      },
    }),
  "paging-for-ever": (exchange) =>
    plain(exchange, {
      "tools/list": (call) => {
        const page = Number(call.message.params?.["cursor"] ?? 0);
        result(call, { tools: [toolNamed(`tool_${page}`)], nextCursor: String(page + 1) });
      },
    }),
  malformed: (exchange) =>
    plain(exchange, {
      initialize: (call) =>
        result(call, {
          protocolVersion: "2025-11-25",
          capabilities: { tools: {}, prompts: {}, resources: {} },
          serverInfo: { name: "malformed", version: "1" },
        }),
      "tools/list": (call) => {
        const tools = [
          {
            ...toolNamed("good"),
            "x-unknown": { kept: true },
            annotations: { readOnlyHint: true },
          },
          { inputSchema: { type: "object" } },
          { name: 7, inputSchema: { type: "object" } },
          { name: "no_schema" },
          { name: "bad_schema", inputSchema: "object" },
          null,
          toolNamed("__proto__"),
          { ...toolNamed("good"), description: "again" },
        ];
        result(call, { tools });
      },
      "prompts/list": (call) => error(call, -32603, "prompts are broken"),
      "resources/list": (call) => {
        call.response.writeHead(404).end("nothing here");
      },
      "resources/templates/list": (call) => result(call, { resourceTemplates: "none" }),
    }),

  hang: onCall(() => {}),
  /** Answers after a while with how many calls were under way when it began. */
  narrow: onCall((exchange) => {
    const count = (underWay.get(exchange.memory) ?? 0) + 1;
    underWay.set(exchange.memory, count);
    setTimeout(() => {
      underWay.set(exchange.memory, (underWay.get(exchange.memory) ?? 1) - 1);
      json(exchange, JSON.stringify(answerTo(exchange, String(count))));
    }, 100);
  }),
  stall: onCall(({ response }) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
    response.write('{"jsonrpc":');
  }),
  fin: onCall(({ response }) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
    response.write('{"jsonrpc":', () => response.socket?.destroy());
  }),
  rst: onCall(({ request }) => {
    request.socket.resetAndDestroy();
  }),
  "wrong-id": onCallText(() => '{"jsonrpc":"2.0","id":"somebody-else","result":{}}'),
  corrupt: onCallText(() => '{"jsonrpc":"2.0","id":1,"resu\u0000lt":{'),
  html: onCall(({ response }) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<html>Log in</html>");
  }),
  accepted: onCall(({ response }) => {
    response.writeHead(202).end();
  }),
  huge: onCallText((exchange) => JSON.stringify(answerTo(exchange, "x".repeat(9 * 1024 * 1024)))),
  "huge-chunked": onCall((exchange) => {
    exchange.response.writeHead(200, { "content-type": "application/json" });
    exchange.response.end(JSON.stringify(answerTo(exchange, "x".repeat(9 * 1024 * 1024))));
  }),
  big: onCallText(
    ({ message }) =>
      `{ "result" : {"z":1, "a":12345678901234567890, "echo":${JSON.stringify(message.id)}, "id":0,"n":1.0},"x-extra":1,"id" : ${JSON.stringify(message.id)}, "jsonrpc":"2.0"}`,
  ),

  "redirect-away": onCall(({ response }) => {
    response.writeHead(307, { location: "https://elsewhere.example/mcp" }).end();
  }),
  "redirect-within": onCall(({ response, origin }) => {
    response.writeHead(308, { location: `${origin}/plain/after-redirect` }).end();
  }),
  "redirect-found": onCall(({ response }) => {
    response.writeHead(302, { location: "/plain/after-redirect" }).end();
  }),
  "redirect-loop": onCall(({ request, response }) => {
    response.writeHead(307, { location: request.url ?? "/" }).end();
  }),

  status: onCall(({ message, response }) => {
    // The name of the tool is the status.
    response.writeHead(Number(message.params?.["name"]), {
      "retry-after": "7",
      "content-type": "text/html",
    });
    response.end("<h1>secret stack trace</h1>");
  }),

  /** Everything a stream may hold before the answer, in bytes of one. */
  stream: onCall(async (exchange) => {
    openStream(exchange);
    const { _meta: meta } = exchange.message.params ?? {};
    const token = meta?.progressToken;
    const text =
      `: comment\n\nid: 1\ndata:\n\n` +
      event({ jsonrpc: "2.0", id: "somebody-else", result: { content: [] } }) +
      event({
        jsonrpc: "2.0",
        method: "notifications/progress",
        params: { progressToken: token, progress: 1, total: 2 },
      }) +
      event({ jsonrpc: "2.0", id: "ask-1", method: "sampling/createMessage", params: {} }) +
      event({ jsonrpc: "2.0", id: "ask-2", method: "ping" }) +
      event(answerTo(exchange, "Größe 🎈")) +
      event(answerTo(exchange, "a second answer"));
    for (const byte of Buffer.from(text)) exchange.response.write(Buffer.from([byte]));
    exchange.response.end();
  }),
  "stream-without-answer": onCall((exchange) => {
    openStream(exchange);
    exchange.response.end(event({ jsonrpc: "2.0", method: "notifications/message", params: {} }));
  }),
  "stream-resumed": (exchange) => {
    const { request, response, memory } = exchange;
    if (request.method !== "GET") {
      return plain(exchange, {
        "tools/call": (call) => {
          openStream(call);
          response.end("id: e1\nretry: 10\ndata:\n\n");
        },
      });
    }
    const asked = memory.log.findLast(({ message }) => message?.method === "tools/call");
    openStream(exchange);
    response.end(
      event({
        jsonrpc: "2.0",
        id: asked?.message?.id,
        result: {
          content: [{ type: "text", text: `after ${String(request.headers["last-event-id"])}` }],
        },
      }),
    );
  },

  "modern-headers": (exchange) => {
    const { message, request } = exchange;
    if (message.method === "server/discover") {
      return result(exchange, {
        resultType: "complete",
        supportedVersions: ["2026-07-28"],
        capabilities: { tools: {} },
        ttlMs: 20_000,
        cacheScope: "private",
      });
    }
    return plain(exchange, {
      initialize: (call) => error(call, -32601, "modern only", 404),
      "tools/call": (call) =>
        result(call, {
          resultType: "complete",
          content: [
            {
              type: "text",
              text: JSON.stringify({ headers: request.headers, params: message.params }),
            },
          ],
        }),
    });
  },
  /** Speaks neither era. */
  web: ({ response }) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<html>Hello</html>");
  },
  "future-version": (exchange) =>
    plain(exchange, {
      initialize: (call) => result(call, { protocolVersion: "2031-01-01", capabilities: {} }),
    }),
  "no-handshake": (exchange) => plain(exchange, { initialize: () => {} }),
  unauthorized: ({ response }) => {
    response.writeHead(401, { "www-authenticate": "Bearer" }).end();
  },
  /** HTTP+SSE as Home Assistant speaks it; a tool `cut` breaks the stream, `quiet` says nothing. */
  "sse-stream": async (exchange) => {
    const { request, response, message, memory } = exchange;
    if (request.method === "GET") {
      memory.stream = response;
      openStream(exchange);
      response.write(`event: endpoint\ndata: ${request.url}\n\n`);
      return;
    }
    const { stream } = memory;
    if (stream === undefined || stream.destroyed) {
      response.writeHead(404).end("Session not found");
      return;
    }
    response.writeHead(200).end();
    const { name, arguments: args } = { ...message.params };
    const { messages = [] } = { ...(args as { messages?: object[] } | undefined) };
    stream.write(messages.map((one) => event(one)).join(""));
    if (name === "cut") stream.socket?.resetAndDestroy();
    if (name === "cut" || name === "quiet" || message.id === undefined) return;
    const answers: Record<string, object> = {
      initialize: {
        protocolVersion: "2024-11-05",
        capabilities: { tools: {} },
        serverInfo: { name: "streams", version: "1" },
      },
      "tools/list": { tools: (memory.tools ?? ["call"]).map(toolNamed) },
      "tools/call": { content: [{ type: "text", text: String(name) }] },
    };
    const text = JSON.stringify({
      jsonrpc: "2.0",
      id: message.id,
      result: answers[message.method ?? ""] ?? {},
    });
    stream.write(`event: message\ndata: ${text}\n\n`);
  },
  /** Ends its stream as soon as the handshake is done. */
  "sse-brief": async (exchange) => {
    await QUIRKS["sse-stream"]?.(exchange);
    if (exchange.message.method === "notifications/initialized") exchange.memory.stream?.end();
  },
  "sse-ended": (exchange) => {
    openStream(exchange);
    exchange.response.end(": nothing to say\n\n");
  },
  busy: ({ response }) => {
    response.writeHead(503, { "retry-after": "30" }).end();
  },
  loop: ({ response }) => {
    response.writeHead(508).end();
  },
  "endpoint-elsewhere": (exchange) => {
    openStream(exchange);
    exchange.response.write("event: endpoint\ndata: https://elsewhere.example/messages\n\n");
  },
};
