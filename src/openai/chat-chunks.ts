import type { AnswerHead, ChatEvent, ToolCall } from "../chat/chat-event.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { splitCall, splitDelta } from "./split-delta.ts";

/** Writes the events of one answer as chat.completion.chunk events, each with its blank line. */
export type ChunkWriter = Readonly<{
  /** The first chunk of every answer. */
  opening: () => string;
  chunks: (event: ChatEvent) => readonly string[];
  /** A chunk without choices that holds something of our own. */
  aside: (members: JsonObject) => string;
}>;

/** `includeUsage`: as the client asked in `stream_options`. */
export function createChunkWriter(head: AnswerHead, includeUsage: boolean): ChunkWriter {
  const base = {
    id: head.id,
    object: "chat.completion.chunk",
    created: head.created,
    model: head.model,
  };
  // Written once: these are the same in every chunk of a stream.
  const before = `data: ${JSON.stringify(base).slice(0, -1)},"choices":[{"index":0,"delta":`;
  // OpenAI: with `include_usage` every other chunk carries `usage: null`.
  const after = `}]${includeUsage ? ',"usage":null' : ""}}\n\n`;
  const chunk = (delta: JsonObject, finish: string | null, logprobs: JsonValue = null): string =>
    `${before}${JSON.stringify(delta)},"logprobs":${logprobs === null ? "null" : JSON.stringify(logprobs)},"finish_reason":${finish === null ? "null" : JSON.stringify(finish)}${after}`;
  const aside = (members: JsonObject): string =>
    `data: ${JSON.stringify({ ...base, choices: [], ...members })}\n\n`;

  return {
    opening: () => chunk({ role: "assistant", content: "", refusal: null }, null),
    aside,
    chunks(event) {
      switch (event.kind) {
        case "delta":
          return splitDelta(event.delta).map((piece) => chunk(piece, null, event.logprobs));
        case "client_calls":
          return event.calls.flatMap((call, index) =>
            callDeltas(call, index).map((delta) => chunk(delta, null)),
          );
        case "finish": {
          const usage =
            includeUsage && event.usage !== undefined ? [aside({ usage: event.usage })] : [];
          return [chunk({}, event.reason), ...usage];
        }
        case "tool_started":
        case "tool_progress":
        case "tool_ended":
        case "approval_wanted":
          return []; // told in words, where the client wants them
        default:
          return event satisfies never;
      }
    },
  };
}

/** Index, id, type and name come with the first piece, as OpenAI sends them. */
function callDeltas(call: ToolCall, index: number): readonly JsonObject[] {
  const { id, name, argumentText, extra } = call;
  const whole = {
    ...extra,
    index,
    id,
    type: "function",
    function: { name, arguments: argumentText },
  };
  return splitCall(whole).map((piece) => ({ tool_calls: [piece] }));
}
