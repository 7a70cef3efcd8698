import * as z from "zod";
import type { Caller } from "../auth/caller.ts";
import { mayUse, RAW_PREFIX } from "../chat/choose-model.ts";
import { isJsonObject } from "../core/json.ts";
import type { RequestContext } from "../gateway/gateway.ts";
import type { LanguageModels } from "../llm/language-models.ts";
import { OpenaiRefusal } from "./openai-errors.ts";
import { readRequestJson } from "./request-json.ts";
import { unknownModel } from "./unknown-model.ts";

const REQUEST = z.looseObject({ model: z.string().min(1).max(300), input: z.unknown() });

export type EmbeddingsCall = Readonly<{
  llm: LanguageModels;
  caller: Caller;
  context: RequestContext;
  request: Request;
}>;

/**
 * `POST /v1/embeddings`: the provider's own bytes, because clients ask for base64 by themselves and
 * read what comes as they asked for it.
 */
export async function answerEmbeddings(call: EmbeddingsCall): Promise<Response> {
  const { llm, caller, context, request } = call;
  const body = await readRequestJson(request);
  const parsed = REQUEST.safeParse(body);
  if (!parsed.success || !isJsonObject(body)) {
    const param = parsed.error?.issues[0]?.path[0] === "model" ? "model" : undefined;
    throw new OpenaiRefusal(
      "invalid_params",
      `Cannot embed: wanted an object with "model" and "input"`,
      { ...(param === undefined ? {} : { param }), code: "invalid_value" },
    );
  }
  const { model } = parsed.data;
  const name = model.startsWith(RAW_PREFIX) ? model.slice(RAW_PREFIX.length) : model;
  const ref = await llm.find(name, context);
  if (ref === undefined || !mayUse(caller, [model, ref.id])) throw unknownModel(model);
  const answer = await llm.embed(ref, body, context);
  return new Response(answer.body, {
    headers: { "content-type": "application/json", "x-request-id": context.requestId },
  });
}
