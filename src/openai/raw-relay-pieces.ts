import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { providerFailed } from "../llm/chunk-fault.ts";
import { SURELY_SMALL } from "./raw-relay-frame.ts";
import { splitCall, splitDelta } from "./split-delta.ts";

/** Open WebUI's reader refuses longer lines, and with one of them the whole answer. */
const MAX_LINE = 60 * 1_024;
/** Units of JSON for one entry of a list; longer ones pass in pieces or not at all. */
const MAX_ENTRY = 16 * 1_024;
const DATA_PICTURE = /^data:image\/[a-z+.-]{1,20};base64,[A-Za-z0-9+/]+={0,2}$/;

/** The chunk as events, several where its texts are long. */
export function writeChunk(chunk: JsonObject, provider: string): readonly string[] {
  const text = JSON.stringify(chunk);
  if (text.length <= SURELY_SMALL) return [asEvent(text)];
  return piecesOf(chunk).map((piece) => asEvent(boundedText(piece, provider)));
}

function asEvent(text: string): string {
  return `data: ${text}\n\n`;
}

/** Choices apart and deltas in pieces; usage comes with the last. */
function piecesOf({ choices, usage, ...head }: JsonObject): readonly JsonObject[] {
  const given = Array.isArray(choices) ? choices.filter(isJsonObject) : [];
  const pieces = given.flatMap(splitChoice).map((choice) => [choice]);
  const last = Math.max(0, pieces.length - 1);
  return (pieces.length === 0 ? [[]] : pieces).map((piece, at) => ({
    ...head,
    choices: piece,
    ...(at === last && usage !== undefined ? { usage } : {}),
  }));
}

/** What ends a choice comes with its last piece. */
function splitChoice(choice: JsonObject): readonly JsonObject[] {
  const { delta, finish_reason, logprobs, ...rest } = choice;
  const pieces = isJsonObject(delta) ? splitMembers(delta) : [{}];
  return pieces.map((piece, at) => ({
    ...rest,
    delta: piece,
    logprobs: at === 0 ? (logprobs ?? null) : null,
    finish_reason: at === pieces.length - 1 ? (finish_reason ?? null) : null,
  }));
}

/** Lists by their entries, which clients add up. */
function splitMembers(delta: JsonObject): readonly JsonObject[] {
  const members = Object.entries(delta);
  const single = Object.fromEntries(members.filter(([, value]) => !Array.isArray(value)));
  const entries = members.flatMap(([key, value]) =>
    Array.isArray(value) ? value.flatMap((entry) => splitEntry(key, entry)) : [],
  );
  return [...(Object.keys(single).length === 0 ? [] : splitDelta(single)), ...entries];
}

function splitEntry(key: string, entry: JsonValue): readonly JsonObject[] {
  if (key === "tool_calls" && isJsonObject(entry)) {
    return splitCall(entry).map((piece) => ({ tool_calls: [piece] }));
  }
  if (JSON.stringify(entry).length <= MAX_ENTRY) return [{ [key]: [entry] }];
  return key === "images" ? splitDelta({ content: pictureText(entry) }) : [];
}

/** A picture that fits no line, as a text shows it, which can be cut. */
function pictureText(image: JsonValue): string {
  const address = isJsonObject(image) ? image["image_url"] : undefined;
  const url = isJsonObject(address) ? address["url"] : undefined;
  return typeof url === "string" && DATA_PICTURE.test(url)
    ? `\n\n![image](${url})\n\n`
    : "\n\n*A picture was too large to be shown*\n\n";
}

/** Numbers about tokens are the first that may be missed; a longer line would break the answer. */
function boundedText(chunk: JsonObject, provider: string): string {
  const text = JSON.stringify(chunk);
  if (fits(text)) return text;
  const without = JSON.stringify(chunk, (key, value: unknown) =>
    key === "logprobs" ? null : value,
  );
  if (!fits(without)) throw providerFailed(provider, "an event of its stream is too large");
  return without;
}

function fits(text: string): boolean {
  return text.length * 3 <= MAX_LINE || new TextEncoder().encode(text).byteLength <= MAX_LINE;
}
