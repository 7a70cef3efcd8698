import type { JsonObject } from "../core/json.ts";
import {
  itemId,
  type OutputItem,
  type ResponseEvent,
  type ResponseOutput,
} from "./responses-output.ts";
import { splitText } from "./split-text.ts";

type PartKind = "output_text" | "refusal" | "reasoning_text";
type Part = Readonly<{ kind: PartKind; pieces: string[] }>;

/** What a model says, as message items, and what it thinks, as reasoning items. */
export class ResponseTexts {
  readonly #output: ResponseOutput;
  #open: TextItem | undefined;

  constructor(output: ResponseOutput) {
    this.#output = output;
  }

  /** The known texts of a delta. */
  tell(delta: JsonObject): ResponseEvent[] {
    const { content, refusal } = delta;
    const thought = [delta["reasoning_content"], delta["reasoning"], delta["thinking"]].find(
      isText,
    );
    const events: ResponseEvent[] = [];
    if (thought !== undefined) this.#add("reasoning_text", thought, events);
    if (isText(content)) this.#add("output_text", content, events);
    if (isText(refusal)) this.#add("refusal", refusal, events);
    return events;
  }

  close(status: "completed" | "incomplete" = "completed"): readonly ResponseEvent[] {
    const events = this.#open?.close(status) ?? [];
    this.#open = undefined;
    return events;
  }

  #add(kind: PartKind, text: string, events: ResponseEvent[]): void {
    const type = kind === "reasoning_text" ? "reasoning" : "message";
    if (this.#open?.type !== type) {
      events.push(...this.close());
      this.#open = new TextItem(this.#output, type);
      events.push(this.#open.added());
    }
    for (const piece of splitText(text)) this.#open.add(kind, piece, events);
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

  add(kind: PartKind, delta: string, events: ResponseEvent[]): void {
    const last = this.#parts.at(-1);
    if (last?.kind === kind) {
      last.pieces.push(delta);
    } else {
      if (last !== undefined) events.push(...this.#endPart(last));
      this.#parts.push({ kind, pieces: [delta] });
      events.push(this.#event("response.content_part.added", { part: asPart(kind, "") }));
    }
    const more = kind === "output_text" ? { logprobs: [] } : {};
    events.push(this.#event(`response.${kind}.delta`, { delta, ...more }));
  }

  close(status: "completed" | "incomplete"): readonly ResponseEvent[] {
    const last = this.#parts.at(-1);
    const content = this.#parts.map(({ kind, pieces }) => asPart(kind, pieces.join("")));
    return [
      ...(last === undefined ? [] : this.#endPart(last)),
      this.#item.done({ status, content }),
    ];
  }

  #endPart({ kind, pieces }: Part): readonly ResponseEvent[] {
    const text = pieces.join("");
    const said =
      kind === "refusal"
        ? { refusal: text }
        : { text, ...(kind === "output_text" ? { logprobs: [] } : {}) };
    return [
      this.#event(`response.${kind}.done`, said),
      this.#event("response.content_part.done", { part: asPart(kind, text) }),
    ];
  }

  #event(type: string, members: JsonObject): ResponseEvent {
    return this.#item.event(type, { content_index: this.#parts.length - 1, ...members });
  }
}

function asPart(kind: PartKind, text: string): JsonObject {
  if (kind === "refusal") return { type: kind, refusal: text };
  return kind === "output_text"
    ? { type: kind, annotations: [], logprobs: [], text }
    : { type: kind, text };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
