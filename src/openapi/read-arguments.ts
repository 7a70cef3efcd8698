import { CATCH_ALL, isFreeForm } from "../catalog/free-form.ts";
import type { ListedTool } from "../catalog/listing.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { VisibleTool } from "../gateway/gateway.ts";
import { parseBody, readBody } from "./arguments-body.ts";
import { ArgumentsRefused } from "./arguments-refused.ts";
import { findProblems, heldSchema } from "./check-arguments.ts";
import { parseExactly } from "../core/exact-numbers.ts";
import { readLaxly } from "./lax-arguments.ts";
import type { RestExchange } from "./rest-exchange.ts";
import { bounded } from "./shown-values.ts";

/**
 * The arguments of a call: the body as it was sent, big numbers and nulls included; no body is no
 * arguments. Throws `invalid_request`, `unsupported_media_type`, `too_large` and `ArgumentsRefused`.
 */
export async function readArguments(
  { request, context, compat }: Pick<RestExchange, "request" | "context" | "compat">,
  { tool }: VisibleTool,
): Promise<JsonObject> {
  const text = await readBody(request, { after: context.after, compat });
  if (text.trim() === "") {
    if (compat && hasParameters(tool)) throw refused("missing", "Field required", null);
    return checked({}, 0, tool);
  }
  const parsed = parseBody(text, compat);
  if (!isJsonObject(parsed)) {
    const wanted = "Input should be a valid dictionary or object to extract fields from";
    throw refused("model_attributes_type", wanted, parsed);
  }
  const isWrapped = isInCatchAll(parsed, tool);
  const fit = (body: JsonObject): JsonObject => {
    const inner = body[CATCH_ALL];
    if (isWrapped && isJsonObject(inner)) return inner;
    const schema = compat ? heldSchema(tool.inputSchema) : undefined;
    return schema === undefined ? body : readLaxly(body, schema);
  };
  const value = checked(fit(parsed), text.length, tool);
  const exact = parseExactly(text);
  return isJsonObject(exact) ? fit(exact) : value;
}

/** Documents give a free-form tool one argument that holds all others. */
function isInCatchAll(body: JsonObject, { inputSchema }: ListedTool): boolean {
  const isAlone = isJsonObject(body[CATCH_ALL]) && Object.keys(body).length === 1;
  return isAlone && isFreeForm(inputSchema);
}

function refused(type: string, msg: string, input: JsonValue): ArgumentsRefused {
  return new ArgumentsRefused([{ type, loc: ["body"], msg, input: bounded(input) }]);
}

function checked(value: JsonObject, length: number, { inputSchema }: ListedTool): JsonObject {
  const problems = findProblems(value, length, inputSchema);
  if (problems.length > 0) throw new ArgumentsRefused(problems);
  return value;
}

function hasParameters({ inputSchema: { properties } }: ListedTool): boolean {
  return isJsonObject(properties) && Object.keys(properties).length > 0;
}
