import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { sendAuthorized } from "../support/worker.ts";

export async function chat(
  body: JsonObject,
  headers: Record<string, string> = {},
): Promise<Response> {
  return sendAuthorized("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

export function ask(content: string, more: JsonObject = {}): JsonObject {
  return { model: "mcp-gateway", messages: [{ role: "user", content }], ...more };
}

export async function readObject(response: Response): Promise<JsonObject> {
  const value: unknown = await response.json();
  if (!isJsonObject(value)) throw new TypeError("the answer is no JSON object");
  return value;
}

/** The text of a chat completion. */
export async function readText(response: Response): Promise<string> {
  const { choices } = await readObject(response);
  const [choice] = Array.isArray(choices) ? choices : [];
  const message = isJsonObject(choice) ? choice["message"] : undefined;
  const content = isJsonObject(message) ? message["content"] : undefined;
  if (typeof content !== "string") throw new TypeError("the answer has no text");
  return content;
}

export type StreamedText = Readonly<{
  chunks: readonly JsonObject[];
  text: string;
  /** The last `data:` line. */
  last: string;
  longestLine: number;
}>;

/** Reads a stream of chat.completion.chunk events. */
export async function readStream({
  body,
}: Readonly<{ body: ReadableStream<Uint8Array> | null }>): Promise<StreamedText> {
  const chunks: JsonObject[] = [];
  let text = "";
  let last = "";
  let longestLine = 0;
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body ?? []) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      longestLine = Math.max(longestLine, new TextEncoder().encode(line).length);
      if (!line.startsWith("data: ")) continue;
      last = line.slice("data: ".length);
      if (last === "[DONE]") continue;
      const chunk: unknown = JSON.parse(last);
      if (!isJsonObject(chunk)) throw new TypeError("an event is no JSON object");
      chunks.push(chunk);
      text += deltaText(chunk);
    }
  }
  return { chunks, text, last, longestLine };
}

export function firstChoice(chunk: JsonObject): JsonObject {
  const { choices } = chunk;
  const [choice] = Array.isArray(choices) ? choices : [];
  return isJsonObject(choice) ? choice : {};
}

function deltaText(chunk: JsonObject): string {
  const { delta } = firstChoice(chunk);
  const content = isJsonObject(delta) ? delta["content"] : undefined;
  return typeof content === "string" ? content : "";
}
