import { GatewayError } from "../core/errors.ts";
import type { BackendName } from "../core/ids.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { Scope } from "../gateway/gateway.ts";
import { parseBody, readBody } from "./arguments-body.ts";
import { ArgumentsRefused, type BodyProblem } from "./arguments-refused.ts";
import { askBackend } from "./ask-backend.ts";
import { callContext } from "./call-context.ts";
import { jsonBody } from "./rest-body.ts";
import type { RestExchange } from "./rest-exchange.ts";
import { resultOf } from "./result-of.ts";
import { bounded } from "./shown-values.ts";

/** What a query says to this surface; a prompt with an argument of that name is asked by POST. */
const OWN_PARAMETERS: ReadonlySet<string> = new Set(["compat", "result"]);

/** Enough to act upon. */
const MAX_PROBLEMS = 20;

export async function listPrompts(
  { gateway, caller, context }: RestExchange,
  backend: BackendName,
): Promise<Response> {
  const scope: Scope = { kind: "one", backend };
  return jsonBody(`{"prompts":${await gateway.listText(caller, scope, "prompts", context)}}`);
}

/** A prompt with its arguments, from the query of a GET or the JSON body of a POST. */
export async function getPrompt(
  exchange: RestExchange,
  backend: BackendName,
  name: string,
): Promise<Response> {
  const prompt = await findPrompt(exchange, backend, name);
  const where = exchange.request.method === "POST" ? "body" : "query";
  const given = where === "body" ? await readGiven(exchange) : readQuery(exchange);
  const args = requireTexts(given, where, requiredOf(prompt));
  const answer = await askBackend(
    exchange,
    {
      method: "prompts/get",
      scope: { kind: "one", backend },
      params: { name, arguments: args },
      action: `get prompt "${name}"`,
    },
    callContext(exchange),
  );
  return jsonBody(JSON.stringify(resultOf(answer)));
}

async function findPrompt(
  { gateway, caller, context }: RestExchange,
  backend: BackendName,
  name: string,
): Promise<JsonObject> {
  const scope: Scope = { kind: "one", backend };
  const listed: JsonValue = JSON.parse(await gateway.listText(caller, scope, "prompts", context));
  const prompts = Array.isArray(listed) ? listed.filter(isJsonObject) : [];
  const prompt = prompts.find((one) => one["name"] === name);
  if (prompt !== undefined) return prompt;
  const shown = name.slice(0, 120);
  throw new GatewayError(
    "not_found",
    `Cannot get prompt "${shown}": backend "${backend}" has no such prompt`,
  );
}

function requiredOf(prompt: JsonObject): readonly string[] {
  const listed = prompt["arguments"];
  const required = Array.isArray(listed)
    ? listed.filter(isJsonObject).filter((one) => one["required"] === true)
    : [];
  return required.map(({ name }) => name).filter((name) => typeof name === "string");
}

function readQuery({ query }: RestExchange): JsonObject {
  return Object.fromEntries([...(query ?? [])].filter(([name]) => !OWN_PARAMETERS.has(name)));
}

async function readGiven({ request, context, compat }: RestExchange): Promise<JsonObject> {
  const text = await readBody(request, { after: context.after, compat });
  if (text.trim() === "") return {};
  const body = parseBody(text, compat);
  if (isJsonObject(body)) return body;
  const msg = "Input should be an object with the arguments of the prompt";
  throw new ArgumentsRefused([{ type: "dict_type", loc: ["body"], msg, input: bounded(body) }]);
}

/** Arguments of prompts are texts (MCP server/prompts), and those that are required are there. */
function requireTexts(
  given: JsonObject,
  where: "body" | "query",
  required: readonly string[],
): JsonObject {
  const input = bounded(given);
  const problems: BodyProblem[] = required
    .filter((name) => !Object.hasOwn(given, name))
    .slice(0, MAX_PROBLEMS)
    .map((name) => ({ type: "missing", loc: [where, name], msg: "Field required", input }));
  for (const [name, value] of Object.entries(given)) {
    if (problems.length >= MAX_PROBLEMS) break;
    if (typeof value === "string") continue;
    problems.push({
      type: "string_type",
      loc: [where, name],
      msg: "Input should be a valid string",
      input: bounded(value ?? null),
    });
  }
  if (problems.length > 0) throw new ArgumentsRefused(problems);
  return given;
}
