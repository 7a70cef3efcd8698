import { asGatewayError } from "../core/errors.ts";
import { asOpenaiError, finerOf } from "./openai-errors.ts";

/** The last event of every chat stream. */
export const DONE = "data: [DONE]\n\n";

/** How a stream ends whose status has gone out already: SDKs raise the error, Open WebUI shows it. */
export function failedEnd(thrown: unknown): readonly string[] {
  const error = asGatewayError(thrown);
  return [`data: ${JSON.stringify(asOpenaiError(error, finerOf(error)))}\n\n`, DONE];
}
