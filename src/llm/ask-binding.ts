import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Blame } from "../core/outbound.ts";
import type { Tried } from "./attempt.ts";
import { type ExpectedAnswer, readAnswer, unreachable } from "./ask-provider.ts";
import { parseModels, type KnownModel } from "./parse-models.ts";
import { ProviderError } from "./provider-error.ts";
import { refusalOf } from "./provider-refusal.ts";
import { wordsOfBinding } from "./provider-words.ts";

/** A Workers AI binding, as far as it is used; `Ai` of the platform's types satisfies it. */
type AiBinding = Readonly<{
  run: (
    model: string,
    inputs: JsonObject,
    options: Readonly<{ returnRawResponse: true; signal: AbortSignal }>,
  ) => Promise<Response>;
  models?: (search: Readonly<{ task: string; per_page: number }>) => Promise<unknown>;
}>;

export type BindingQuestion = Readonly<{
  binding: string;
  variables: Readonly<Record<string, unknown>>;
  blame: Blame;
}>;

/** One request to a model behind a binding. It says what went wrong by throwing as well. */
export async function askBinding(
  model: string,
  body: JsonObject,
  question: BindingQuestion & ExpectedAnswer,
  signal: AbortSignal,
): Promise<Tried<Response>> {
  const ai = requireBinding(question);
  const { model: _, ...inputs } = body;
  let response: Response;
  try {
    response = await ai.run(model, inputs, { returnRawResponse: true, signal });
  } catch (thrown) {
    const words = wordsOfBinding(thrown);
    if (words.status === undefined) return unreachable(thrown, question.blame);
    return refusalOf({ ...question, status: words.status, words, headers: undefined });
  }
  return readAnswer(response, question);
}

/** What can chat, as the platform tells it; nothing where the binding cannot tell. */
export async function listBinding(question: BindingQuestion): Promise<readonly KnownModel[]> {
  const ai = requireBinding(question);
  const found = await ai.models?.({ task: "Text Generation", per_page: 1_000 });
  return parseModels(found, "workers-ai") ?? [];
}

function requireBinding({ binding, variables, blame }: BindingQuestion): AiBinding {
  const bound = variables[binding];
  if (isBinding(bound)) return bound;
  throw new ProviderError(
    "backend_unavailable",
    `Cannot ${blame.action}: provider "${blame.backend}" needs the binding "${binding}", which is not there`,
  );
}

function isBinding(value: unknown): value is AiBinding {
  return isJsonObject(value) && typeof Reflect.get(value, "run") === "function";
}
