import type { JsonObject } from "../core/json.ts";
import { Paced } from "../core/paced.ts";
import type { After } from "../core/patience.ts";

/** Different changes between two reports; what is beyond them is found when it is listed or read. */
const MAX_WAITING = 200;

/**
 * What a backend says of its lists and resources on the stream of one call. It concerns everybody and
 * not this call's client: lists change for it when the gateway has listed them again, and resources
 * are told to those who subscribed. So all of it goes to the backend's object, once a second at most.
 */
export class CallChanges {
  readonly #report: (notices: readonly JsonObject[]) => void;
  readonly #waiting = new Map<string, JsonObject>();
  readonly #paced: Paced<"report">;

  constructor(report: (notices: readonly JsonObject[]) => void, after: After) {
    this.#report = report;
    this.#paced = new Paced(after, () => this.#flush());
  }

  put(notice: JsonObject): void {
    if (this.#waiting.size >= MAX_WAITING) return;
    this.#waiting.set(JSON.stringify(notice), notice);
    this.#paced.hit("report");
  }

  /** The call is over: what is left is told now. */
  end(): void {
    this.#paced.stop();
    this.#flush();
  }

  #flush(): void {
    if (this.#waiting.size === 0) return;
    const notices = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#report(notices);
  }
}
