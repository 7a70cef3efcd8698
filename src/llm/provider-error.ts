import { GatewayError, type ErrorCode, type ErrorOptions } from "../core/errors.ts";

/** What OpenAI's dialect says beyond a code of ours: the parameter, or a finer code. */
export type Finer = Readonly<{ param?: string; code?: string }>;

/**
 * What went wrong with a language model, as its caller may read it. Codes: `invalid_params` (the
 * provider's 400, 413, 422 in its own words), `not_found` (no such model), `rate_limited` (with
 * `retryAfter`), `backend_unavailable`, `backend_timeout`, `backend_failed` (5xx, refused credential,
 * a stream that broke), `cancelled`.
 */
export class ProviderError extends GatewayError {
  readonly finer: Finer;
  /** The function the provider refused in our list of tools, where it names one. */
  readonly rejectedTool: RejectedTool | undefined;

  /** It has been tried again already: who repeats the whole request multiplies the tries. */
  readonly wasRetried: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions &
      Readonly<{ finer?: Finer; rejectedTool?: RejectedTool; wasRetried?: boolean }> = {},
  ) {
    super(code, message, options);
    this.finer = options.finer ?? {};
    this.rejectedTool = options.rejectedTool;
    this.wasRetried = options.wasRetried ?? false;
  }
}

/** By its name, or by its place in `tools`. */
export type RejectedTool = Readonly<{ name: string }> | Readonly<{ index: number }>;
