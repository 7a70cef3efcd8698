import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { sendAuthorized } from "../support/worker.ts";

export async function respond(
  body: JsonObject,
  headers: Record<string, string> = {},
): Promise<Response> {
  return sendAuthorized("/v1/responses", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "mcp-gateway", ...body }),
  });
}

export type ReadEvents = Readonly<{ events: readonly JsonObject[]; longestLine: number }>;

/** Every event of a stream of the Responses API; its name on the wire is its type. */
export async function readEvents(response: Response): Promise<ReadEvents> {
  const text = await response.text();
  const events: JsonObject[] = [];
  let longestLine = 0;
  for (const block of text.split("\n\n")) {
    const lines = block.split("\n").filter((line) => line !== "" && !line.startsWith(":"));
    if (lines.length === 0) continue;
    const [name = "", data = ""] = lines;
    const event: unknown = JSON.parse(data.replace(/^data: /, ""));
    if (!isJsonObject(event)) throw new TypeError("an event is no JSON object");
    if (name !== `event: ${nameOf(event)}`) throw new TypeError(`${name} is named wrongly`);
    longestLine = Math.max(longestLine, new TextEncoder().encode(data).length);
    events.push(event);
  }
  return { events, longestLine };
}

export function typesOf(events: readonly JsonObject[]): readonly string[] {
  return events.map((event) => nameOf(event).replace(/^response\./, ""));
}

function nameOf({ type }: JsonObject): string {
  return typeof type === "string" ? type : "no type";
}

/** The items of a response. */
export function outputOf({ output }: JsonObject): readonly JsonObject[] {
  return Array.isArray(output) ? output.filter(isJsonObject) : [];
}

/** The text of all messages, as SDKs put it together. */
export function outputText(response: JsonObject): string {
  return outputOf(response)
    .filter(({ type }) => type === "message")
    .flatMap(({ content }) => (Array.isArray(content) ? content.filter(isJsonObject) : []))
    .map(({ text }) => (typeof text === "string" ? text : ""))
    .join("");
}

/** The response in the last event. */
export function lastResponse(events: readonly JsonObject[]): JsonObject {
  const response = events.at(-1)?.["response"];
  if (!isJsonObject(response)) throw new TypeError("the last event holds no response");
  return response;
}
