import type { JsonObject } from "../core/json.ts";
import type { StreamEnd } from "./listening-stream.ts";

/** Listens to a backend over one connection, in the way of its era and transport. */
export type Ear = Readonly<{
  ended: Promise<StreamEnd>;
  /**
   * Settles when the backend tells of these resources and of its lists. Rejects with LeaseLost, and
   * never otherwise.
   */
  follow: (uris: readonly string[]) => Promise<void>;
  /** `isLeft`: nobody listens any more, so the backend need not go on. */
  close: (isLeft: boolean) => void;
}>;

/** Takes one message of a backend; `reply` sends it the response to a request. */
export type Hear = (
  message: JsonObject,
  reply: ((response: JsonObject) => Promise<void>) | undefined,
) => void;
