import { OpenaiRefusal } from "./openai-errors.ts";

/** What OpenAI knows and this gateway does not; `param` is the path as OpenAI writes it. */
export function unsupported(param: string, why: string): OpenaiRefusal {
  return new OpenaiRefusal("invalid_params", `Cannot use "${param}": ${why}`, {
    param,
    code: "unsupported_parameter",
  });
}

export function invalid(param: string, why: string): OpenaiRefusal {
  return new OpenaiRefusal("invalid_params", `Cannot read "${param}": ${why}`, {
    param,
    code: "invalid_value",
  });
}
