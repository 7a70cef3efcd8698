import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import { isJsonObject } from "../../src/core/json.ts";
import { readUiStream, type UiTurn } from "./open-webui-stream.ts";

/**
 * What Open WebUI 0.11 does at the other end of an Admin connection, told in our own words from what
 * it was seen to do: which requests it makes, what it reads out of the answers, what it keeps of
 * them and sends back in the next turn. It runs every streamed call as its own and asks again.
 */
export type OpenWebuiConnection = Readonly<{
  /** As an administrator enters it: without a slash at the end. */
  url: string;
  key: string;
  /** Custom headers of the connection; `{{CHAT_ID}}` and the like are filled in. */
  headers?: Readonly<Record<string, string>>;
  /** A header made for each request, as its signed token of the user is. */
  perRequest?: () => Readonly<Record<string, string>>;
}>;

export type UiUser = Readonly<{ id: string; email: string; role: string; groups: string }>;
export const SOMEBODY: UiUser = { id: "u-1", email: "u1@example.com", role: "user", groups: "" };

/** A function of Open WebUI's own: what it does with its arguments. */
export type Builtin = Readonly<{
  description: string;
  parameters: JsonObject;
  run: (args: JsonObject) => JsonValue;
}>;

/** Items of the answer as they are kept; what is kept is sent back. */
export type UiItem =
  | Readonly<{ type: "message"; text: string }>
  | Readonly<{ type: "reasoning"; text: string }>
  | Readonly<{ type: "function_call"; id: string; name: string; arguments: string }>
  | Readonly<{ type: "function_call_output"; id: string; output: string }>;

export type UiMessage = Readonly<{
  items: readonly UiItem[];
  /** Texts of the messages, as the person reads them. */
  content: string;
  reasoning: string;
  /** Kept with the message, in order. */
  statuses: readonly JsonObject[];
  /** Every event that went to the page because the provider's stream asked for it. */
  events: readonly JsonObject[];
  /** Keys of chunks that the page would act upon. */
  acted: readonly string[];
  usage: JsonObject | undefined;
  /** Shown in place of, or under, the answer. */
  error: string | undefined;
  /** Requests made for this one message. */
  requests: number;
}>;

export type UiChat = Readonly<{ send: (text: string) => Promise<UiMessage> }>;

export type OpenWebui = Readonly<{
  /** The button beside the address: what a toast says, or the number of models. */
  verify: () => Promise<string>;
  models: () => Promise<readonly JsonObject[]>;
  chat: (model: string, settings?: ChatSettings) => UiChat;
  /** A request in the background: the text of its answer. */
  task: (model: string, name: TaskName, said: readonly string[]) => Promise<string>;
}>;

export type ChatSettings = Readonly<{
  id?: string;
  user?: UiUser;
  builtins?: Readonly<Record<string, Builtin>>;
  usage?: boolean;
}>;

/** It makes no more requests than this for one message. */
const MAX_ITERATIONS = 256;
const AGENT = "Python/3.12 aiohttp/3.13.5";

export function openWebui(connection: OpenWebuiConnection): OpenWebui {
  const request = (
    path: string,
    { body, ...about }: { body?: JsonObject } & About,
  ): Promise<Response> =>
    fetch(`${connection.url}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: headersOf(connection, about),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  return {
    async verify() {
      const response = await request("/models", {});
      const body: unknown = JSON.parse(await response.text());
      if (response.ok) return `${listIn(body).length} models`;
      return `OpenAI: ${textAt(body, "error", "message") ?? "Network Problem"}`;
    },
    async models() {
      const response = await request("/models", {});
      return response.ok ? listIn(JSON.parse(await response.text())) : [];
    },
    chat(model, { id = "chat-1", user = SOMEBODY, builtins = {}, usage = false } = {}) {
      const history: JsonObject[] = [];
      const tools = Object.entries(builtins).map(([name, { description, parameters }]) => ({
        type: "function",
        function: { name, description, parameters },
      }));
      const rest = {
        stream: true,
        ...(tools.length === 0 ? {} : { tools }),
        ...(usage ? { stream_options: { include_usage: true } } : {}),
      };
      return {
        async send(text) {
          history.push({ role: "user", content: text });
          const answer = await answerOf(
            (more) =>
              request("/chat/completions", {
                body: { model, messages: [...history, ...more], ...rest },
                chat: id,
                user,
              }),
            builtins,
          );
          history.push(...asMessages(answer.items));
          return answer;
        },
      };
    },
    async task(model, name, said) {
      const content = TASKS[name](said.map((line) => `USER: ${line}`).join("\n"));
      const messages = [{ role: "user", content }];
      const body = { model, messages, stream: false, max_tokens: 1_000 };
      const response = await request("/chat/completions", { body, task: `${name}_generation` });
      const answer: unknown = JSON.parse(await response.text());
      const [choice] =
        isJsonObject(answer) && Array.isArray(answer["choices"]) ? answer["choices"] : [];
      return textAt(choice, "message", "content") ?? "";
    },
  };
}

const TASKS = {
  title: (chat) =>
    `### Task:\nName this chat in a few words.\n### Output:\nJSON format: { "title": "..." }\n### Chat History:\n<chat_history>\n${chat}\n</chat_history>`,
  tags: (chat) =>
    `### Task:\nSort this chat under a few words.\n### Output:\nJSON format: { "tags": ["..."] }\n### Chat History:\n<chat_history>\n${chat}\n</chat_history>`,
  follow_up: (chat) =>
    `### Task:\nSay what could be asked next.\n### Output:\nJSON format: { "follow_ups": ["..."] }\n### Chat History:\n<chat_history>\n${chat}\n</chat_history>`,
} satisfies Record<string, (chat: string) => string>;
export type TaskName = keyof typeof TASKS;

type About = Readonly<{ chat?: string; user?: UiUser; task?: string }>;

function headersOf(
  { key, headers = {}, perRequest }: OpenWebuiConnection,
  { chat = "", user = SOMEBODY, task = "" }: About,
): Record<string, string> {
  const values: Readonly<Record<string, string>> = {
    "{{CHAT_ID}}": chat,
    "{{USER_ID}}": user.id,
    "{{USER_EMAIL}}": user.email,
    "{{USER_ROLE}}": user.role,
    "{{USER_GROUPS}}": user.groups,
    "{{TASK}}": task,
  };
  const filled = Object.entries(headers).map(([name, template]) => [
    name,
    template.replaceAll(/\{\{[A-Z_]+\}\}/g, (found) => values[found] ?? found),
  ]);
  return {
    "content-type": "application/json",
    authorization: `Bearer ${key}`,
    "user-agent": AGENT,
    ...Object.fromEntries(filled),
    ...perRequest?.(),
  };
}

async function answerOf(
  ask: (more: readonly JsonObject[]) => Promise<Response>,
  builtins: Readonly<Record<string, Builtin>>,
): Promise<UiMessage> {
  const items: UiItem[] = [];
  const turns: UiTurn[] = [];
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- each follows from what the last one said
    const turn = await readTurn(await ask(asMessages(items)));
    turns.push(turn);
    if (turn.reasoning !== "") items.push({ type: "reasoning", text: turn.reasoning });
    if (turn.content !== "") items.push({ type: "message", text: turn.content });
    for (const call of turn.calls) {
      items.push({ type: "function_call", ...call });
      const output = outputOf(call, builtins);
      items.push({ type: "function_call_output", id: call.id, output });
    }
    if (turn.error !== undefined || turn.calls.length === 0 || turns.length >= MAX_ITERATIONS) {
      break;
    }
  }
  const textsOf = (type: "message" | "reasoning"): string =>
    items.flatMap((item) => (item.type === type ? [item.text] : [])).join("\n");
  const events = turns.flatMap((turn) => turn.events);
  return {
    items,
    content: textsOf("message"),
    reasoning: textsOf("reasoning"),
    events,
    statuses: events.flatMap(({ type, data }) =>
      type === "status" && isJsonObject(data) ? [data] : [],
    ),
    acted: turns.flatMap((turn) => turn.acted),
    usage: turns.findLast((turn) => turn.usage !== undefined)?.usage,
    error: turns.at(-1)?.error,
    requests: turns.length,
  };
}

async function readTurn(response: Response): Promise<UiTurn> {
  const none = { content: "", reasoning: "", calls: [], events: [], acted: [], usage: undefined };
  if (response.ok) return readUiStream(response);
  const text = await response.text();
  try {
    const body: unknown = JSON.parse(text);
    return { ...none, error: textAt(body, "error", "message") ?? textAt(body, "detail") ?? text };
  } catch {
    return { ...none, error: text };
  }
}

function outputOf(
  call: UiTurn["calls"][number],
  builtins: Readonly<Record<string, Builtin>>,
): string {
  const builtin = builtins[call.name];
  if (builtin === undefined) return `Error: Tool "${call.name}" not found.`;
  const args: unknown = JSON.parse(call.arguments);
  return JSON.stringify(builtin.run(isJsonObject(args) ? args : {}), null, 2);
}

/** Reasoning is not sent back. */
function asMessages(items: readonly UiItem[]): readonly JsonObject[] {
  return items.flatMap((item): readonly JsonObject[] => {
    switch (item.type) {
      case "message":
        return [{ role: "assistant", content: item.text }];
      case "reasoning":
        return [];
      case "function_call": {
        const { id, name } = item;
        const call = { id, type: "function", function: { name, arguments: item.arguments } };
        return [{ role: "assistant", content: "", tool_calls: [call] }];
      }
      case "function_call_output":
        return [{ role: "tool", tool_call_id: item.id, content: item.output }];
      default:
        return item satisfies never;
    }
  });
}

function listIn(body: unknown): readonly JsonObject[] {
  const list = isJsonObject(body) ? body["data"] : body;
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = path.reduce<unknown>((at, key) => (isJsonObject(at) ? at[key] : undefined), value);
  return typeof found === "string" ? found : undefined;
}
