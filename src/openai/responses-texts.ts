import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { DeltaEvent } from "../llm/turn.ts";
import {
  itemId,
  type OutputItem,
  type ResponseEvent,
  type ResponseOutput,
} from "./responses-output.ts";
import { splitText } from "./split-text.ts";

type PartKind = "output_text" | "refusal" | "reasoning_text";
type Part = Readonly<{ kind: PartKind; pieces: string[]; logprobs: JsonValue[] }>;
type Said = Readonly<{ kind: PartKind; text: string; logprobs?: readonly JsonValue[] }>;

/** What a model says, as message items, and what it thinks, as reasoning items. */
export class ResponseTexts {
  readonly #output: ResponseOutput;
  #open: TextItem | undefined;

  constructor(output: ResponseOutput) {
    this.#output = output;
  }

  /** The known texts of a delta. */
  tell({ delta, logprobs }: Pick<DeltaEvent, "delta" | "logprobs">): readonly ResponseEvent[] {
    const { content, refusal } = delta;
    const thought = [delta["reasoning_content"], delta["reasoning"], delta["thinking"]].find(
      isText,
    );
    const events: ResponseEvent[] = [];
    if (thought !== undefined) this.#add({ kind: "reasoning_text", text: thought }, events);
    if (isText(content)) {
      this.#add({ kind: "output_text", text: content, logprobs: listOf(logprobs) }, events);
    }
    if (isText(refusal)) this.#add({ kind: "refusal", text: refusal }, events);
    return events;
  }

  close(status: "completed" | "incomplete" = "completed"): readonly ResponseEvent[] {
    const events = this.#open?.close(status) ?? [];
    this.#open = undefined;
    return events;
  }

  #add({ kind, text, logprobs }: Said, events: ResponseEvent[]): void {
    const type = kind === "reasoning_text" ? "reasoning" : "message";
    if (this.#open?.type !== type) {
      events.push(...this.close());
      this.#open = new TextItem(this.#output, type);
      events.push(this.#open.added());
    }
    let first = logprobs;
    for (const piece of splitText(text)) {
      this.#open.add(
        { kind, text: piece, ...(first === undefined ? {} : { logprobs: first }) },
        events,
      );
      first = undefined;
    }
  }
}

class TextItem {
  readonly type: "message" | "reasoning";
  readonly #item: OutputItem;
  readonly #parts: Part[] = [];

  constructor(output: ResponseOutput, type: "message" | "reasoning") {
    this.type = type;
    const begun = { type, status: "in_progress", content: [] };
    this.#item = output.begin(
      type === "message"
        ? { ...begun, id: itemId("msg"), role: "assistant" }
        : { ...begun, id: itemId("rs"), summary: [] },
    );
  }

  added(): ResponseEvent {
    return this.#item.added();
  }

  add({ kind, text, logprobs = [] }: Said, events: ResponseEvent[]): void {
    const last = this.#parts.at(-1);
    if (last?.kind === kind) {
      last.pieces.push(text);
      last.logprobs.push(...logprobs);
    } else {
      if (last !== undefined) events.push(...this.#endPart(last));
      this.#parts.push({ kind, pieces: [text], logprobs: [...logprobs] });
      const part = asPart({ kind, pieces: [], logprobs: [] });
      events.push(this.#event("response.content_part.added", { part }));
    }
    const more = kind === "output_text" ? { logprobs } : {};
    events.push(this.#event(`response.${kind}.delta`, { delta: text, ...more }));
  }

  close(status: "completed" | "incomplete"): readonly ResponseEvent[] {
    const last = this.#parts.at(-1);
    return [
      ...(last === undefined ? [] : this.#endPart(last)),
      this.#item.done({ status, content: this.#parts.map(asPart) }),
    ];
  }

  #endPart(part: Part): readonly ResponseEvent[] {
    const whole = asPart(part);
    const { type: _type, annotations: _none, ...said } = whole;
    return [
      this.#event(`response.${part.kind}.done`, said),
      this.#event("response.content_part.done", { part: whole }),
    ];
  }

  #event(type: string, members: JsonObject): ResponseEvent {
    return this.#item.event(type, { content_index: this.#parts.length - 1, ...members });
  }
}

function asPart({ kind, pieces, logprobs }: Part): JsonObject {
  const text = pieces.join("");
  if (kind === "refusal") return { type: kind, refusal: text };
  if (kind === "reasoning_text") return { type: kind, text };
  return { type: kind, annotations: [], logprobs, text };
}

/** Of a chunk of chat. */
function listOf(logprobs: JsonValue | undefined): readonly JsonValue[] {
  const list = isJsonObject(logprobs) ? logprobs["content"] : undefined;
  return Array.isArray(list) ? list : [];
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
