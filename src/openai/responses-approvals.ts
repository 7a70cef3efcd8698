import type { Decision } from "../chat/chat-ask.ts";
import type { JsonObject } from "../core/json.ts";
import { invalid } from "./responses-refusal.ts";

/**
 * A question to a person covers a whole turn under one code; as items it is a request for each of
 * its calls. The id of a request says which of how many it is, and of which call.
 */
const ID = /^mcpr_(?<code>[A-Z0-9]{8})_(?<place>\d{1,4})_(?<count>\d{1,4})_(?<callId>.*)$/s;

export function approvalRequestId(
  code: string,
  { place, count, callId }: Readonly<{ place: number; count: number; callId: string }>,
): string {
  return `mcpr_${code}_${place}_${count}_${callId}`;
}

/** Each is looked for on its own; one answer asks for one. */
const MAX_TURNS = 16;

type Answered = { count: number; places: Set<number>; approve: boolean };

/** Gathers what a client says to approval requests. */
export class ApprovalAnswers {
  #open = new Map<string, Answered>();
  readonly #approvedBy = new Map<string, string>();

  add({ approval_request_id: id, approve }: JsonObject, at: string): void {
    if (typeof id !== "string") throw invalid(`${at}.approval_request_id`, "expected a string");
    if (typeof approve !== "boolean") throw invalid(`${at}.approve`, "expected true or false");
    const said = ID.exec(id)?.groups;
    if (said === undefined) throw invalid(`${at}.approval_request_id`, "there is no such request");
    const { code = "", place, count, callId = "" } = said;
    if (!this.#open.has(code) && this.#open.size >= MAX_TURNS) {
      throw invalid(at, `more than ${MAX_TURNS} answers cannot be approved at once`);
    }
    const answered = this.#open.get(code) ?? {
      count: Number(count),
      places: new Set(),
      approve: true,
    };
    answered.places.add(Number(place));
    // A turn runs as a whole or not at all: one refusal is one of the whole.
    answered.approve &&= approve;
    this.#open.set(code, answered);
    if (approve) this.#approvedBy.set(callId, id);
  }

  /** Something of an answer follows: what was decided before it has been carried out. */
  goOn(): void {
    this.#open.clear();
    this.#approvedBy.clear();
  }

  decide(): Readonly<{
    decisions: readonly Decision[];
    approvedBy: ReadonlyMap<string, string>;
  }> {
    const decisions = [...this.#open].map(([code, { count, places, approve }]): Decision => {
      if (approve && places.size < count) {
        throw invalid(
          "input",
          `${count - places.size} of ${count} approval requests that belong together have no mcp_approval_response`,
        );
      }
      return { code, approve };
    });
    return { decisions, approvedBy: this.#approvedBy };
  }
}
