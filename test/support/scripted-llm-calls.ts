import type { Answer, Call } from "./scripted-llm-brain.ts";
import type { Personality } from "./scripted-llm-personalities.ts";

type Json = Readonly<Record<string, unknown>>;

/** How the calls of one answer are cut and marked. */
export type CallShape = Readonly<{
  answer: Answer;
  personality: Personality;
  /** How many messages there were: part of an id, so that none comes twice in a conversation. */
  messages: number;
}>;

/** Each is one entry of a delta's `tool_calls`. */
export function callDeltas(calls: readonly Call[], shape: CallShape): readonly Json[] {
  const all = calls.map((call) => piecesOf(call, shape));
  if (!shape.answer.flags.has("INTERLEAVE")) return all.flat();
  const longest = Math.max(...all.map((pieces) => pieces.length));
  return Array.from({ length: longest }, (_, round) =>
    all.flatMap((pieces) => pieces.slice(round, round + 1)),
  ).flat();
}

/** As it stands in a message that is not streamed. */
export function wholeCall(call: Call, shape: CallShape): Json {
  const id = idOf(call, shape);
  const { first, later } = argumentsOf(call, shape);
  return {
    ...(id !== undefined && { id }),
    type: "function",
    function: {
      name: call.name,
      arguments: typeof first === "string" ? [first, ...later].join("") : first,
    },
    ...shape.personality.callExtra(call),
  };
}

function piecesOf(call: Call, shape: CallShape): readonly Json[] {
  const { flags } = shape.answer;
  const numbered = shape.personality.withIndex && !flags.has("NOINDEX");
  const index = numbered ? { index: call.position } : {};
  const id = idOf(call, shape);
  const { first, later } = argumentsOf(call, shape);
  let again: Json = {};
  if (flags.has("REPEATID")) again = { id };
  if (flags.has("EMPTYID")) again = { id: "" };
  return [
    {
      ...index,
      ...(id !== undefined && { id }),
      type: "function",
      function: { name: call.name, arguments: first },
      ...shape.personality.callExtra(call),
    },
    ...later.map((piece) => ({ ...index, ...again, function: { arguments: piece } })),
  ];
}

function idOf(
  { position }: Call,
  { answer, personality, messages }: CallShape,
): string | undefined {
  if (answer.flags.has("NOID")) return undefined;
  return personality.idOf(messages, answer.flags.has("SAMEID") ? 0 : position);
}

/** What comes with the name, and the pieces after it. */
function argumentsOf(
  { json }: Call,
  { answer, personality }: CallShape,
): Readonly<{ first: unknown; later: readonly string[] }> {
  const style = answer.args ?? personality.args;
  switch (style) {
    case "split":
      return { first: "", later: json.match(/[^]{1,5}/gu) ?? [] };
    case "string":
      return { first: "", later: [json] };
    case "whole":
      return { first: json, later: [] };
    case "object":
      return { first: JSON.parse(json), later: [] };
    case "bad":
      return { first: "", later: ['{"oops": ', "[1, "] };
    case "empty":
      return { first: "", later: [] };
    default:
      return style satisfies never;
  }
}
