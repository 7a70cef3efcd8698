import { OpenaiRefusal } from "./openai-errors.ts";

/** In OpenAI's words; a model the caller may not see is one that is not there. */
export function unknownModel(id: string): OpenaiRefusal {
  return new OpenaiRefusal(
    "not_found",
    `The model \`${id.slice(0, 200).toWellFormed()}\` does not exist or you do not have access to it.`,
    { param: "model", code: "model_not_found" },
  );
}
