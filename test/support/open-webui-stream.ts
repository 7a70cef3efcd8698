import { isJsonObject, type JsonObject, type JsonValue } from "../../src/core/json.ts";

/** What Open WebUI 0.11 reads out of one stream of chat.completion.chunk events. */
export type UiTurn = Readonly<{
  content: string;
  reasoning: string;
  /** Calls it will run: by their index, without one they are lost. */
  calls: readonly Readonly<{ id: string; name: string; arguments: string }>[];
  events: readonly JsonObject[];
  acted: readonly string[];
  usage: JsonObject | undefined;
  error: string | undefined;
}>;

/** Its HTTP client gives up at a line longer than this. */
const MAX_LINE = 131_072;
const REASONING_KEYS = ["reasoning_content", "reasoning", "thinking"] as const;
/** Chunks reach the page as they are, which looks at these. */
const KEYS_OF_THE_PAGE = ["event", "output", "sources", "selected_model_id", "done", "content"];

type Call = { id: string; name: string; arguments: string };
type Gathered = {
  content: string;
  reasoning: string;
  calls: Map<number, Call>;
  events: JsonObject[];
  acted: string[];
  usage: JsonObject | undefined;
  error: string | undefined;
};

/** Line by line: what does not begin with `data:` is nothing, unless it is an error as JSON. */
export async function readUiStream(response: Response): Promise<UiTurn> {
  const gathered: Gathered = {
    content: "",
    reasoning: "",
    calls: new Map(),
    events: [],
    acted: [],
    usage: undefined,
    error: undefined,
  };
  let rest = "";
  const decoder = new TextDecoder();
  try {
    for await (const bytes of response.body ?? []) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) readLine(line, gathered);
    }
    readLine(rest, gathered);
  } catch (error) {
    gathered.error = `Response payload is not completed: ${String(error)}`;
  }
  const { calls, ...known } = gathered;
  return { ...known, calls: [...calls].toSorted(([a], [b]) => a - b).map(([, call]) => call) };
}

function readLine(line: string, gathered: Gathered): void {
  if (Buffer.byteLength(line) > MAX_LINE) throw new Error("Chunk too big");
  const isData = line.startsWith("data:");
  const value = parsed(isData ? line.slice("data:".length) : line);
  if (!isJsonObject(value)) return;
  if (isData) readChunk(value, gathered);
  else readError(value["error"], gathered);
}

function readChunk(chunk: JsonObject, gathered: Gathered): void {
  const { event, choices, usage } = chunk;
  if (isJsonObject(event)) {
    gathered.events.push(event);
    return;
  }
  gathered.acted.push(...KEYS_OF_THE_PAGE.filter((key) => chunk[key] !== undefined));
  if (isJsonObject(usage)) gathered.usage = { ...gathered.usage, ...usage };
  const [choice] = Array.isArray(choices) ? choices : [];
  if (!isJsonObject(choice)) {
    readError(chunk["error"], gathered);
    return;
  }
  const { delta } = choice;
  if (isJsonObject(delta)) readDelta(delta, gathered);
}

function readDelta(delta: JsonObject, gathered: Gathered): void {
  const { content, tool_calls: pieces } = delta;
  if (typeof content === "string") gathered.content += content;
  const thought = REASONING_KEYS.map((key) => delta[key]).find((text) => typeof text === "string");
  if (typeof thought === "string") gathered.reasoning += thought;
  for (const piece of Array.isArray(pieces) ? pieces.filter(isJsonObject) : []) {
    readCall(piece, gathered.calls);
  }
}

/** The name is written over, the arguments are added to. */
function readCall({ index, id, function: own }: JsonObject, calls: Map<number, Call>): void {
  if (typeof index !== "number" || !isJsonObject(own)) return;
  const call = calls.get(index) ?? { id: "", name: "", arguments: "" };
  calls.set(index, call);
  if (typeof id === "string" && id !== "") call.id = id;
  if (typeof own["name"] === "string" && own["name"] !== "") call.name = own["name"];
  call.arguments += asText(own["arguments"]);
}

function asText(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function readError(error: JsonValue | undefined, gathered: Gathered): void {
  if (error === undefined || error === null) return;
  const message = isJsonObject(error) ? error["message"] : error;
  gathered.error = typeof message === "string" ? message : JSON.stringify(error);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a comment, [DONE], or nothing
  }
}
