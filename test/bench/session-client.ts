import { Agent, request } from "node:http";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { CLIENT_HEADERS } from "./open-gateway.ts";

/** Longer than anything here may take. */
const ANSWER_MS = 20_000;
const agent = new Agent({ keepAlive: true, maxSockets: 1_000 });

export type Headers = Readonly<Record<string, string>>;
export type Hear = (message: JsonObject) => void;

/** One POST; every message of its answer is heard as it comes. Settles when the answer is over. */
export function post(
  url: string,
  { headers, message, hear }: Readonly<{ headers: Headers; message: object; hear?: Hear }>,
): Promise<Headers> {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  const { promise, resolve, reject } = Promise.withResolvers<Headers>();
  const sent = request(url, {
    method: "POST",
    agent,
    headers: {
      ...headers,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    },
  });
  const stuck = setTimeout(
    () => sent.destroy(new Error(`no end of an answer of ${url}`)),
    ANSWER_MS,
  );
  sent.on("error", reject);
  sent.on("close", () => clearTimeout(stuck));
  sent.on("response", (response) => {
    const isStream = response.headers["content-type"]?.startsWith("text/event-stream") ?? false;
    let text = "";
    response.setEncoding("utf8");
    response.on("error", reject);
    response.on("data", (chunk: string) => {
      text += chunk;
      if (isStream) text = hearEvents(text, hear);
    });
    response.on("end", () => {
      const { statusCode = 0 } = response;
      if (statusCode !== 200 && statusCode !== 202) {
        return reject(new Error(`${url} answered ${statusCode}: ${text.slice(0, 300)}`));
      }
      try {
        if (!isStream && text !== "") tell(text, hear);
      } catch (error) {
        return reject(error);
      }
      resolve({ "mcp-session-id": String(response.headers["mcp-session-id"] ?? "") });
    });
  });
  sent.end(body);
  return promise;
}

/** What is left: the beginning of an event. */
function hearEvents(text: string, hear: Hear | undefined): string {
  const events = text.split("\n\n");
  const rest = events.pop() ?? "";
  for (const event of events) {
    const data = /^data: (.+)$/m.exec(event)?.[1];
    if (data !== undefined) tell(data, hear);
  }
  return rest;
}

function tell(text: string, hear: Hear | undefined): void {
  const message: unknown = JSON.parse(text);
  if (isJsonObject(message)) hear?.(message);
}

/** What every later message of a new legacy session carries. */
export async function openSession(
  url: string,
  {
    capabilities = {},
    headers = CLIENT_HEADERS,
  }: { capabilities?: object; headers?: Headers } = {},
): Promise<Headers> {
  const opened = await post(url, {
    headers,
    message: {
      id: 0,
      method: "initialize",
      params: {
        protocolVersion: "2025-11-25",
        capabilities,
        clientInfo: { name: "bench", version: "1.0.0" },
      },
    },
  });
  if (opened["mcp-session-id"] === "") throw new Error(`no session from ${url}`);
  const inSession = { ...headers, ...opened };
  await post(url, { headers: inSession, message: { method: "notifications/initialized" } });
  return inSession;
}

/** The text of a tool's answer; fails with whatever else it is. */
export function resultText(message: JsonObject | undefined): string {
  const result = message?.["result"];
  const content = isJsonObject(result) ? result["content"] : undefined;
  const [first] = Array.isArray(content) ? content : [];
  const text = isJsonObject(first) ? first["text"] : undefined;
  if (typeof text !== "string") throw new Error(`not a result: ${JSON.stringify(message)}`);
  return text;
}
