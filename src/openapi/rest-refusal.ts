import { type ErrorCode, type ErrorOptions, GatewayError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";

/** What of a failure only a REST caller is told. */
export type Finer = Readonly<{
  /** In place of the error's own. */
  code?: string;
  /** In place of the one its code has. */
  status?: number;
  /** A page somebody has to visit before the call can work. */
  authorizationUrl?: string;
  /** What a backend says beside its message. */
  data?: JsonValue;
  /** The sentence that mcpo has in this place. */
  mcpo?: string;
  headers?: Readonly<Record<string, string>>;
}>;

/** A refusal of which more is known where it is found than its code says. */
export class RestRefusal extends GatewayError {
  readonly finer: Finer;

  constructor(code: ErrorCode, message: string, finer: Finer, options: ErrorOptions = {}) {
    super(code, message, options);
    this.finer = finer;
  }
}
