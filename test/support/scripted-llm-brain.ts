import {
  type AskedMessage,
  type ChatRequest,
  namedChoice,
  offeredNames,
  textOf,
} from "./scripted-llm-ask.ts";
import {
  type ArgumentStyle,
  type Flag,
  parseScript,
  type Script,
  type Step,
} from "./scripted-llm-script.ts";

export type Call = Readonly<{ name: string; json: string; position: number }>;

/** What the model brings forth, in order. */
export type Piece =
  | Readonly<{ kind: "text" | "thought"; texts: readonly string[]; perWrite: number }>
  | Readonly<{ kind: "stamp"; count: number }>
  | Readonly<{ kind: "pause"; ms: number }>
  | Readonly<{ kind: "calls"; calls: readonly Call[] }>
  | Readonly<{ kind: "raw"; of: "delta" | "chunk" | "text"; text: string }>
  | Readonly<{
      kind: "break";
      how: "chunk" | "cut" | "nofinish" | "stall" | "badjson";
      text: string;
    }>;

/** What happens in place of an answer: a status, or a word such as `hang`. */
export type Failure = Readonly<{ what: string; detail: string }>;

export type Tokens = Readonly<{ messages: number; words: number; thoughts: number }>;

export type Answer = Readonly<{
  failure: Failure | undefined;
  pieces: readonly Piece[];
  finish: string;
  tokens: Tokens;
  pauseMs: number;
  headMs: number;
  flags: ReadonlySet<Flag>;
  args: ArgumentStyle | undefined;
  shred: number | undefined;
}>;

const BREAKS = ["chunk", "cut", "nofinish", "stall", "badjson"] as const;

/**
 * Answers a request from nothing but the request; `attempt` is how often this key has asked
 * (`ERRONCE`), `obeysChoice` is false for servers that do not know `tool_choice`.
 */
export function answerTo(
  request: ChatRequest,
  { attempt, obeysChoice }: Readonly<{ attempt: number; obeysChoice: boolean }>,
): Answer {
  const { script, text, after } = findScript(request.messages);
  const round = after.filter((message) => (message.tool_calls ?? []).length > 0).length;
  const results = after.filter(({ role }) => role === "tool").map(textOf);
  const offered = offeredNames(request);
  const mayCall = offered.length > 0 && !(obeysChoice && request.tool_choice === "none");
  const fill = (into: string): string =>
    into.replaceAll("{{results}}", results.join(" | ")).replaceAll("{{round}}", `${round}`);

  const written =
    partFor({ script, round, anyTool: offered[0] ?? "" }) ??
    withoutScript({ text, results, offered });
  let steps = obeysChoice ? forced(request, written, script) : written;
  if (request.parallel_tool_calls === false) steps = withOneCall(steps);
  if (!mayCall) steps = steps.filter((step) => step.kind !== "call");
  if (!steps.some((step) => step.kind !== "slow" && step.kind !== "ttfb")) {
    steps = [
      ...steps,
      { kind: "say", text: results.length > 0 ? "Result: {{results}}" : "No tools" },
    ];
  }

  const pieces: Piece[] = [];
  let failure: Failure | undefined;
  let finish: string | undefined;
  let [pauseMs, headMs, position] = [0, 0, 0];
  for (const step of steps) {
    switch (step.kind) {
      case "say":
        pieces.push({ kind: "text", texts: wordsOf(fill(step.text)), perWrite: 1 });
        break;
      case "think":
        pieces.push({ kind: "thought", texts: wordsOf(fill(step.text)), perWrite: 1 });
        break;
      case "echo":
        pieces.push({ kind: "text", texts: [JSON.stringify(digestOf(request))], perWrite: 1 });
        break;
      case "chunks":
        pieces.push({
          kind: "text",
          texts: numbered(step.count, step.size),
          perWrite: step.perWrite,
        });
        break;
      case "call": {
        const quoted = JSON.stringify(results.join(" | ")).slice(1, -1);
        const json = step.json
          .replaceAll("{{results}}", quoted)
          .replaceAll("{{round}}", `${round}`);
        const call: Call = { name: step.name, json, position };
        position += 1;
        const last = pieces.at(-1);
        if (last?.kind === "calls") pieces.splice(-1, 1, { ...last, calls: [...last.calls, call] });
        else pieces.push({ kind: "calls", calls: [call] });
        break;
      }
      case "raw":
      case "stamp":
      case "pause":
        pieces.push(step);
        break;
      case "finish":
        finish = step.reason;
        break;
      case "slow":
        pauseMs = step.ms;
        break;
      case "ttfb":
        headMs = step.ms;
        break;
      case "reject":
        if (offered.includes(step.name)) failure ??= { what: "reject", detail: step.name };
        break;
      case "fault": {
        if (attempt > step.times) break;
        const how = BREAKS.find((one) => one === step.what);
        if (how === undefined) failure ??= { what: step.what, detail: step.detail };
        else pieces.push({ kind: "break", how, text: step.detail });
        break;
      }
      default:
        step satisfies never;
    }
  }
  return {
    failure,
    pieces,
    finish: finish ?? (position > 0 ? "tool_calls" : "stop"),
    tokens: {
      messages: request.messages.length,
      words: wordsIn(pieces, "text") + position,
      thoughts: wordsIn(pieces, "thought"),
    },
    pauseMs,
    headMs,
    flags: script?.flags ?? new Set<Flag>(),
    args: script?.args,
    shred: script?.shred,
  };
}

type Found = Readonly<{ script: Script | undefined; text: string; after: readonly AskedMessage[] }>;

function findScript(messages: readonly AskedMessage[]): Found {
  for (let place = messages.length - 1; place >= 0; place -= 1) {
    const message = messages[place];
    if (message?.role !== "user") continue;
    const text = textOf(message);
    const script = parseScript(text);
    // Pictures of a tool's result, or a note of the one who asks: not a new question.
    if (script === undefined && messages[place - 1]?.role === "tool") continue;
    return { script, text, after: messages.slice(place + 1) };
  }
  return { script: undefined, text: "", after: messages };
}

function partFor({
  script,
  round,
  anyTool,
}: Readonly<{ script: Script | undefined; round: number; anyTool: string }>):
  | readonly Step[]
  | undefined {
  if (script === undefined) return undefined;
  const part = script.parts[round];
  if (part !== undefined && (part.length > 0 || script.loop === undefined)) return part;
  if (script.loop !== undefined && round < script.loop) {
    const calling = script.parts.findLast((steps) => steps.some(({ kind }) => kind === "call"));
    return calling ?? [{ kind: "call", name: anyTool, json: "{}" }];
  }
  return [];
}

function withoutScript(
  read: Readonly<{ text: string; results: readonly string[]; offered: readonly string[] }>,
): readonly Step[] {
  if (read.text.startsWith("### Task:")) return [{ kind: "say", text: taskAnswer(read.text) }];
  if (read.results.length > 0) return [{ kind: "say", text: "Result: {{results}}" }];
  const name = read.offered.find((one) => read.text.includes(one));
  if (name !== undefined) return [{ kind: "call", name, json: "{}" }];
  return [{ kind: "say", text: `You said: ${read.text}` }];
}

/** What Open WebUI reads from a model that it asks for titles and the like: bare JSON. */
function taskAnswer(prompt: string): string {
  if (prompt.includes('"follow_ups"')) return '{ "follow_ups": ["Scripted question?"] }';
  if (prompt.includes('"tags"')) return '{ "tags": ["scripted"] }';
  if (prompt.includes('"queries"')) return '{ "queries": ["scripted query"] }';
  if (prompt.includes('"text"')) return '{ "text": "scripted text" }';
  return '{ "title": "Scripted title" }';
}

function forced(
  request: ChatRequest,
  steps: readonly Step[],
  script: Script | undefined,
): readonly Step[] {
  const named = namedChoice(request);
  if (named === undefined && request.tool_choice !== "required") return steps;
  const scripted = (script?.parts.flat() ?? []).filter((step) => step.kind === "call");
  const mine = steps.filter(
    (step) => step.kind !== "call" || named === undefined || step.name === named,
  );
  if (mine.some((step) => step.kind === "call")) return mine;
  const call =
    scripted.find(({ name }) => named === undefined || name === named) ??
    ({ kind: "call", name: named ?? offeredNames(request)[0] ?? "", json: "{}" } as const);
  return [...mine, call];
}

function withOneCall(steps: readonly Step[]): readonly Step[] {
  const first = steps.find((step) => step.kind === "call");
  return steps.filter((step) => step.kind !== "call" || step === first);
}

/** A delta per word; joined they are the text again. */
function wordsOf(text: string): readonly string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

function numbered(count: number, size: number): readonly string[] {
  return Array.from({ length: count }, (_, place) =>
    `${place} `.padEnd(size, "abcdefg ").slice(0, size),
  );
}

function wordsIn(pieces: readonly Piece[], kind: "text" | "thought"): number {
  const texts = pieces.flatMap((piece) => (piece.kind === kind ? piece.texts : []));
  return texts.join("").split(/\s+/).filter(Boolean).length;
}

function digestOf(request: ChatRequest): object {
  const { model: _, messages, stream: __, tools: ___, tool_choice, ...params } = request;
  return {
    messages: messages.map((message) => ({
      role: message.role,
      text: textOf(message),
      ...(message.tool_calls && {
        calls: message.tool_calls.map((call) => ({ id: call.id, ...call.function })),
      }),
      ...(message.tool_call_id !== undefined && { tool_call_id: message.tool_call_id }),
      ...(message.name !== undefined && { name: message.name }),
      keys: Object.keys(message).toSorted(),
    })),
    tools: offeredNames(request),
    tool_choice: tool_choice ?? null,
    params,
  };
}
