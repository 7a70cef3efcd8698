import { createServer } from "node:http";
import { answerEcho, type EchoRequest } from "./echo-tools.ts";
import { variedTools } from "./varied-tools.ts";

/**
 * A stateless MCP server over HTTP that answers JSON, in a process of its own. `/mcp/{name}/{tools}`
 * offers that many tools, `/varied/{name}/{tools}` as many different ones; `POST /hang` names those that stop answering, connection open.
 */
let hung: ReadonlySet<string> = new Set();

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => (body += chunk));
  request.on("end", () => {
    if (request.url === "/hang") {
      const names: string[] = JSON.parse(body);
      hung = new Set(names);
      response.end();
      return;
    }
    const [, kind, name = "", tools = "1"] = (request.url ?? "").split("/");
    if (hung.has(name)) return;
    if (request.method !== "POST") {
      response.writeHead(405).end();
      return;
    }
    const message: EchoRequest = JSON.parse(body);
    const list = kind === "varied" ? (count: number) => variedTools(name, count) : undefined;
    const text = answerEcho(message, Number(tools), list);
    if (text === undefined) {
      response.writeHead(202).end();
      return;
    }
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
    });
    response.end(text);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) {
    console.log(`listening on http://127.0.0.1:${address.port}`);
  }
});
