import type { JsonObject } from "../core/json.ts";

/** An event of a response, without its number in the stream. */
export type ResponseEvent = JsonObject & { readonly type: string };

/** The items of one answer, in the order they began; a place is never used twice. */
export class ResponseOutput {
  readonly #items: JsonObject[] = [];

  begin(item: JsonObject & { readonly id: string }): OutputItem {
    const place = this.#items.push(item) - 1;
    return new OutputItem(item, place, (done) => {
      this.#items[place] = done;
    });
  }

  /** As they are by now. */
  items(): readonly JsonObject[] {
    return [...this.#items];
  }
}

/** One item while it comes about; clients check that id and type stay what they were. */
export class OutputItem {
  readonly #begun: JsonObject & { readonly id: string };
  readonly #place: number;
  readonly #keep: (item: JsonObject) => void;

  constructor(
    begun: JsonObject & { readonly id: string },
    place: number,
    keep: (item: JsonObject) => void,
  ) {
    this.#begun = begun;
    this.#place = place;
    this.#keep = keep;
  }

  added(): ResponseEvent {
    return {
      type: "response.output_item.added",
      output_index: this.#place,
      item: this.#begun,
    };
  }

  event(type: string, members: JsonObject = {}): ResponseEvent {
    return { type, item_id: this.#begun.id, output_index: this.#place, ...members };
  }

  done(change: JsonObject): ResponseEvent {
    const item = { ...this.#begun, ...change };
    this.#keep(item);
    return { type: "response.output_item.done", output_index: this.#place, item };
  }
}

/** Prefixes are OpenAI's. */
export function itemId(prefix: string): string {
  return `${prefix}_${crypto.randomUUID().replaceAll("-", "")}`;
}
