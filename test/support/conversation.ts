import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { eventually } from "./child.ts";
import { EventReader } from "./event-reader.ts";
import { askModern } from "./raw-modern.ts";
import type { Ask } from "./raw-session.ts";

/** One request of a scripted conversation; its name stands for it in what is compared. */
export type Line = Readonly<{
  name: string;
  method: string;
  params?: JsonObject;
  /** How many notifications that belong to no request the client waits for afterwards. */
  apart?: number;
}>;

/** Everything a client hears because of one line, in the order in which it comes. */
export type Heard = Readonly<{
  /** On the stream of the request: notifications, questions and the answer. */
  along: readonly JsonObject[];
  /** What belongs to no request: on the stream of the session, or of a subscription. */
  apart: readonly JsonObject[];
}>;

export type Speaker = Readonly<{
  /** The answer to `initialize` or `server/discover`. */
  opening: JsonObject;
  say: (line: Line) => Promise<Heard>;
  close: () => Promise<unknown>;
}>;

/** Of a client that can be asked everything. */
export const CAPABILITIES: JsonObject = {
  elicitation: { form: {}, url: {} },
  sampling: {},
  roots: { listChanged: true },
};
const CLIENT = { name: "speaker", version: "1" };
const OPENING: JsonObject = {
  protocolVersion: "2025-11-25",
  capabilities: CAPABILITIES,
  clientInfo: CLIENT,
};
const BOTH = "application/json, text/event-stream";

/** A session of Streamable HTTP with its own stream open. */
export async function speakLegacy(ask: Ask, path: string): Promise<Speaker> {
  let session: Record<string, string> = {};
  const post = (message: object): Promise<Response> =>
    ask(path, {
      method: "POST",
      headers: { "content-type": "application/json", accept: BOTH, ...session },
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    });
  const opened = new EventReader(await post({ id: "i", method: "initialize", params: OPENING }));
  const opening = await opened.answer();
  session = {
    "mcp-session-id": opened.response.headers.get("mcp-session-id") ?? "",
    "mcp-protocol-version": "2025-11-25",
  };
  await (await post({ method: "notifications/initialized" })).text();
  const headers = { accept: "text/event-stream", ...session };
  const standing = new EventReader(await ask(path, { method: "GET", headers }));
  const apart: JsonObject[] = [];
  const listening = (async () => {
    for (;;) {
      const event = await standing.next();
      if (event === undefined) return;
      if (event.message === undefined) continue;
      if (isQuestion(event.message)) await (await post(answerTo(event.message))).text();
      apart.push(event.message);
    }
  })();

  return {
    opening,
    async say({ name, method, params = {}, apart: wanted = 0 }) {
      const reader = new EventReader(await post({ id: name, method, params }));
      const along: JsonObject[] = [];
      for (;;) {
        const event = await reader.next();
        if (event === undefined) break;
        if (event.message === undefined) continue;
        along.push(event.message);
        if (isQuestion(event.message)) await (await post(answerTo(event.message))).text();
      }
      await arrived(apart, wanted, name);
      return { along, apart: apart.splice(0) };
    },
    async close() {
      await ask(path, { method: "DELETE", headers: session }).then((response) => response.text());
      await standing.leave();
      await listening;
    },
  };
}

/** HTTP+SSE, where everything shares one stream. */
export async function speakSse(url: string): Promise<Speaker> {
  const transport = new SSEClientTransport(new URL(url));
  const arrivals: JsonObject[] = [];
  let read = 0;
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- transports have properties only
  transport.onmessage = (message) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was JSON just now
    const arrival = message as unknown as JsonObject;
    arrivals.push(arrival);
    if (isQuestion(arrival)) void send(answerTo(arrival)).catch(() => {}); // closed meanwhile
  };
  const send = (message: JsonObject): Promise<void> =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as far as a script is right
    transport.send({ jsonrpc: "2.0", ...message } as unknown as JSONRPCMessage);
  const request = async (id: string, method: string, params: JsonObject): Promise<JsonObject> => {
    await send({ id, method, params });
    return eventually(`an answer to ${id}`, async () => {
      const answer = arrivals.find((message) => message["id"] === id && !isQuestion(message));
      if (answer === undefined) throw new Error(`heard ${JSON.stringify(arrivals)}`);
      return answer;
    });
  };
  await transport.start();
  const opening = await request("i", "initialize", OPENING);
  await send({ method: "notifications/initialized" });
  return {
    opening,
    async say({ name, method, params = {}, apart: wanted = 0 }) {
      read = arrivals.length;
      await request(name, method, params);
      const all = (): JsonObject[] => arrivals.slice(read);
      await eventually(`what comes apart from ${name}`, async () => {
        if (all().filter(isApart).length < wanted) throw new Error(JSON.stringify(all()));
      });
      return { along: all().filter((one) => !isApart(one)), apart: all().filter(isApart) };
    },
    close: () => transport.close(),
  };
}

/** 2026-07-28: asked in results, with a subscription to everything. */
export async function speakModern(ask: Ask, path: string): Promise<Speaker> {
  const wish = { path, capabilities: CAPABILITIES };
  const opening = await (
    await askModern(ask, "server/discover", {}, { ...wish, id: "i" })
  ).answer();
  const subscription = await askModern(
    ask,
    "subscriptions/listen",
    { notifications: SUBSCRIBED },
    { ...wish, id: "listen" },
  );
  const apart: JsonObject[] = [];
  await subscription.next();
  apart.push(...subscription.messages);
  const listening = (async () => {
    for (;;) {
      const event = await subscription.next();
      if (event === undefined) return;
      if (event.message !== undefined) apart.push(event.message);
    }
  })();
  return {
    opening,
    async say({ name, method, params = {}, apart: wanted = 0 }) {
      const { _meta: given, ...rest } = params;
      const meta = isJsonObject(given) ? given : {};
      const along: JsonObject[] = [];
      let continued: JsonObject = {};
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const reader = await askModern(
          ask,
          method,
          { ...rest, ...continued },
          { ...wish, id: `${name}${round === 0 ? "" : ` again ${round}`}`, meta },
        );
        along.push(...(await reader.rest()));
        const asked = questionsIn(along.at(-1));
        if (asked === undefined) break;
        continued = asked;
      }
      await arrived(apart, wanted, name);
      return { along, apart: apart.splice(0) };
    },
    async close() {
      await subscription.leave();
      await listening;
    },
  };
}

/** More than any script asks for: a backend that asks for ever would otherwise be heard for ever. */
const MAX_ROUNDS = 5;
const SUBSCRIBED: JsonObject = {
  toolsListChanged: true,
  promptsListChanged: true,
  resourcesListChanged: true,
  resourceSubscriptions: ["test://watched-resource"],
};

/** The answers to what a modern result asks, as the members of the next request. */
function questionsIn(message: JsonObject | undefined): JsonObject | undefined {
  const result = message?.["result"];
  if (!isJsonObject(result) || result["resultType"] !== "input_required") return undefined;
  const { inputRequests, requestState } = result;
  const questions = Object.entries(isJsonObject(inputRequests) ? inputRequests : {});
  const inputResponses = Object.fromEntries(
    questions.map(([key, question]) => [key, isJsonObject(question) ? resultOf(question) : {}]),
  );
  return { inputResponses, ...(requestState === undefined ? {} : { requestState }) };
}

async function arrived(apart: readonly JsonObject[], wanted: number, name: string): Promise<void> {
  await eventually(`what comes apart from ${name}`, async () => {
    if (apart.length < wanted) throw new Error(`heard ${JSON.stringify(apart)}`);
  });
}

function isQuestion(message: JsonObject): boolean {
  return "id" in message && "method" in message;
}

/** By its method, since HTTP+SSE does not say what a message belongs to. */
function isApart({ method }: JsonObject): boolean {
  return (
    typeof method === "string" && /list_changed$|resources\/updated$|acknowledged$/.test(method)
  );
}

function answerTo(question: JsonObject): JsonObject {
  return { id: question["id"] ?? null, result: resultOf(question) };
}

/** What this client's user, model and host always answer. */
function resultOf({ method, params }: JsonObject): JsonObject {
  const asked = isJsonObject(params) ? params : {};
  if (method === "roots/list") return { roots: [{ uri: "file:///home/ada", name: "Home" }] };
  if (method === "sampling/createMessage") {
    const text = `Thought about ${JSON.stringify(asked["messages"])}`;
    return { role: "assistant", model: "test", content: { type: "text", text } };
  }
  if (asked["mode"] === "url") return { action: "accept" };
  return { action: "accept", content: filledIn(asked["requestedSchema"]) };
}

function filledIn(schema: JsonValue | undefined): JsonObject {
  const properties = isJsonObject(schema) ? schema["properties"] : undefined;
  return Object.fromEntries(
    Object.entries(isJsonObject(properties) ? properties : {}).map(([name, property]) => [
      name,
      isJsonObject(property) ? valueFor(property) : null,
    ]),
  );
}

function valueFor(property: JsonObject): JsonValue {
  const { type, format, minimum, items } = property;
  const [choice] = choicesOf(property);
  if (choice !== undefined) return choice;
  if (type === "boolean") return true;
  if (type === "number" || type === "integer") return typeof minimum === "number" ? minimum : 1;
  if (type === "array") return isJsonObject(items) ? choicesOf(items).slice(0, 1) : [];
  return (typeof format === "string" ? FORMATS[format] : undefined) ?? "Ada";
}

function choicesOf({ enum: listed, oneOf, anyOf }: JsonObject): readonly JsonValue[] {
  if (Array.isArray(listed)) return listed;
  const titled = Array.isArray(oneOf) ? oneOf : Array.isArray(anyOf) ? anyOf : [];
  return titled.flatMap((one) =>
    isJsonObject(one) && "const" in one ? [one["const"] ?? null] : [],
  );
}

const FORMATS: Readonly<Record<string, string>> = {
  email: "ada@example.com",
  uri: "https://example.com/ada",
  date: "2026-01-02",
  "date-time": "2026-01-02T03:04:05Z",
};
