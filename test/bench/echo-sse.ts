import { randomUUID } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { answerEcho, type EchoRequest } from "./echo-tools.ts";

/** The same over HTTP+SSE (2024-11-05): one stream of answers, and an address to post to. */
const streams = new Map<string, ServerResponse>();

const server = createServer((request, response) => {
  const [, path, id = ""] = (request.url ?? "").split("/");
  if (request.method === "GET" && path === "sse") return open(response);
  const stream = streams.get(id);
  if (request.method !== "POST" || stream === undefined) {
    return void response.writeHead(404).end();
  }
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => (body += chunk));
  request.on("end", () => {
    response.writeHead(202).end();
    const message: EchoRequest = JSON.parse(body);
    const text = answerEcho(message, 1);
    if (text !== undefined) stream.write(`event: message\ndata: ${text}\n\n`);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) {
    console.log(`listening on http://127.0.0.1:${address.port}`);
  }
});

function open(response: ServerResponse): void {
  const id = randomUUID();
  streams.set(id, response);
  response.on("close", () => streams.delete(id));
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(`event: endpoint\ndata: /messages/${id}\n\n`);
}
