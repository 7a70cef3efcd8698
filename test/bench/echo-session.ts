import { randomUUID } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { answerEcho, type EchoRequest } from "./echo-tools.ts";

/**
 * A legacy MCP server with sessions, in a process of its own, that answers every call as an event
 * stream, as servers made with the SDK do. `echo` answers at once, `ask` after a question to the
 * client, `count` after so many notifications of progress,
 * all at once when there is no time between them. As little work as that can be.
 */
const TOOLS = [
  { name: "echo", description: "Answers with its arguments", inputSchema: { type: "object" } },
  { name: "ask", description: "Asks for a name", inputSchema: { type: "object" } },
  {
    name: "count",
    description: "Reports progress, then answers",
    inputSchema: {
      type: "object",
      properties: { events: { type: "integer" }, everyMs: { type: "integer" } },
    },
  },
];
const QUESTION = {
  method: "elicitation/create",
  params: {
    message: "Who is it?",
    requestedSchema: {
      type: "object",
      properties: { name: { type: "string" } },
      required: ["name"],
    },
  },
};

type Params = Readonly<{
  name?: string;
  protocolVersion?: string;
  arguments?: Readonly<{ events?: number; everyMs?: number }>;
  _meta?: Readonly<{ progressToken?: string | number }>;
}>;
type Message = Omit<EchoRequest, "params"> &
  Readonly<{ params?: Params; result?: Readonly<{ content?: Readonly<{ name?: string }> }> }>;
type Session = { asked: number; readonly open: Map<string, (answer: Message) => void> };

const sessions = new Map<string, Session>();

const server = createServer((request, response) => {
  const id = String(request.headers["mcp-session-id"] ?? "");
  const session = sessions.get(id);
  if (request.method === "GET") {
    if (session === undefined) return void response.writeHead(404).end();
    return response.writeHead(200, STREAM_HEADERS).flushHeaders();
  }
  if (request.method === "DELETE") {
    sessions.delete(id);
    return void response.writeHead(200).end();
  }
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => (body += chunk));
  request.on("end", () => {
    const message: Message = JSON.parse(body);
    if (message.method === "initialize") return open(message, response);
    if (session === undefined) return void response.writeHead(404).end();
    if (message.method === undefined) session.open.get(String(message.id))?.(message);
    if (message.method === undefined || message.id === undefined) {
      return void response.writeHead(202).end();
    }
    answer(message, session, response);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) {
    console.log(`listening on http://127.0.0.1:${address.port}`);
  }
});

const STREAM_HEADERS = { "content-type": "text/event-stream" };

function open({ id, params }: Message, response: ServerResponse): void {
  const session = randomUUID();
  sessions.set(session, { asked: 0, open: new Map() });
  const result = {
    protocolVersion: params?.protocolVersion ?? "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "echo-session", version: "1.0.0" },
  };
  const text = JSON.stringify({ jsonrpc: "2.0", id, result });
  response
    .writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
      "mcp-session-id": session,
    })
    .end(text);
}

function answer(message: Message, session: Session, response: ServerResponse): void {
  const { id, method, params } = message;
  response.writeHead(200, STREAM_HEADERS);
  const say = (words: object): string =>
    `event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", ...words })}\n\n`;
  const finish = (text: string): void =>
    void response.end(say({ id, result: { content: [{ type: "text", text }] } }));
  if (method === "tools/list") return void response.end(say({ id, result: { tools: TOOLS } }));
  if (method === "tools/call" && params?.name === "ask") {
    session.asked += 1;
    const question = `q${session.asked}`;
    session.open.set(question, ({ result }) => {
      session.open.delete(question);
      finish(`Hello ${result?.content?.name}`);
    });
    response.write(say({ id: question, ...QUESTION }));
    return;
  }
  if (method === "tools/call" && params?.name === "count") {
    const { events = 10, everyMs = 50 } = params.arguments ?? {};
    const progressToken = params["_meta"]?.progressToken;
    let progress = 0;
    const next = (): string => {
      progress += 1;
      const told = { progressToken, progress, total: events };
      return say({ method: "notifications/progress", params: told });
    };
    if (everyMs === 0) {
      response.write(Array.from({ length: events }, next).join(""));
      return finish(`Counted to ${events}`);
    }
    const timer = setInterval(() => {
      response.write(next());
      if (progress < events) return;
      clearInterval(timer);
      finish(`Counted to ${events}`);
    }, everyMs);
    response.on("close", () => clearInterval(timer));
    return;
  }
  response.end(`event: message\ndata: ${answerEcho(message, 1)}\n\n`);
}
