import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { RPC_CODES, type RpcError } from "../core/json-rpc.ts";
import { type Ask, type Question, QuestionRefused } from "../core/question.ts";

/** What a backend may ask a client; everything else between the two is the client's to begin. */
export const QUESTIONS: ReadonlySet<string> = new Set([
  "elicitation/create",
  "sampling/createMessage",
  "roots/list",
]);

/** A form a person fills in; more than this is not a question any more. */
const MAX_QUESTION_LENGTH = 1024 * 1024;

/** Why a client with these capabilities may not be asked this; undefined when it may. */
export function questionProblem(
  capabilities: JsonObject,
  { method, params }: Question,
): RpcError | undefined {
  if (!QUESTIONS.has(method)) return noMethod(`Method not found: ${method.slice(0, 100)}`);
  if (!isDeclared(capabilities, method, params)) {
    return noMethod(`The client does not support ${describe(method, params)}`);
  }
  if (JSON.stringify(params).length > MAX_QUESTION_LENGTH) {
    return invalid(`The question is larger than ${MAX_QUESTION_LENGTH / 1024} KiB`);
  }
  return undefined;
}

/**
 * Questions the client has not declared are refused before they reach it, answers that do not fit
 * before they reach the backend.
 */
export function checkedAsk(capabilities: JsonObject, ask: Ask): Ask {
  return async (question, signal) => {
    const problem = questionProblem(capabilities, question);
    if (problem !== undefined) throw new QuestionRefused(problem);
    const result = await ask(question, signal);
    const misfit = answerProblem(question, result);
    if (misfit === undefined) return result;
    throw new QuestionRefused(invalid(`The client's answer does not fit: ${misfit}`));
  };
}

/** What a client has to declare to be asked this, as capabilities. */
export function neededCapabilities({ method, params }: Question): JsonObject {
  switch (method) {
    case "elicitation/create":
      return { elicitation: params["mode"] === "url" ? { url: {} } : {} };
    case "sampling/createMessage":
      return { sampling: params["tools"] === undefined ? {} : { tools: {} } };
    default:
      return { roots: {} };
  }
}

/** Whether `capabilities` let somebody be asked anything at all. */
export function canBeAsked(capabilities: JsonObject): boolean {
  return ["elicitation", "sampling", "roots"].some((name) => isJsonObject(capabilities[name]));
}

/** Elicitation without modes means forms (2025-11-25, client/elicitation, capabilities). */
function isDeclared(capabilities: JsonObject, method: string, params: JsonObject): boolean {
  const { elicitation, sampling, roots } = capabilities;
  switch (method) {
    case "elicitation/create": {
      if (!isJsonObject(elicitation)) return false;
      if (params["mode"] === "url") return isJsonObject(elicitation["url"]);
      return isJsonObject(elicitation["form"]) || elicitation["url"] === undefined;
    }
    case "sampling/createMessage":
      return (
        isJsonObject(sampling) && (params["tools"] === undefined || isJsonObject(sampling["tools"]))
      );
    default:
      return isJsonObject(roots);
  }
}

function describe(method: string, params: JsonObject): string {
  if (method === "elicitation/create") {
    return params["mode"] === "url" ? "elicitation by URL" : "elicitation";
  }
  if (method === "roots/list") return "roots";
  return params["tools"] === undefined ? "sampling" : "sampling with tools";
}

/**
 * What is wrong with a client's answer; undefined when it may go to the backend. Form contents are
 * held against the flat schemas that elicitation allows (2025-11-25, client/elicitation).
 */
function answerProblem({ method, params }: Question, result: JsonObject): string | undefined {
  switch (method) {
    case "elicitation/create":
      return elicitationProblem(params, result);
    case "sampling/createMessage":
      return samplingProblem(result);
    default:
      return Array.isArray(result["roots"]) && result["roots"].every(isRoot)
        ? undefined
        : '"roots" is not a list of objects with a "uri"';
  }
}

const ACTIONS: ReadonlySet<unknown> = new Set(["accept", "decline", "cancel"]);

function elicitationProblem(params: JsonObject, result: JsonObject): string | undefined {
  const { action, content } = result;
  if (!ACTIONS.has(action)) return '"action" is not "accept", "decline" or "cancel"';
  if (action !== "accept" || params["mode"] === "url") return undefined;
  if (content !== undefined && !isJsonObject(content)) return '"content" is not an object';
  return contentProblem(params["requestedSchema"], content ?? {});
}

function contentProblem(schema: JsonValue | undefined, content: JsonObject): string | undefined {
  if (!isJsonObject(schema)) return undefined;
  const { properties, required } = schema;
  for (const name of Array.isArray(required) ? required : []) {
    if (typeof name === "string" && !Object.hasOwn(content, name)) {
      return `"content.${name}" is missing`;
    }
  }
  if (!isJsonObject(properties)) return undefined;
  for (const [name, value] of Object.entries(content)) {
    const wanted = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const problem = isJsonObject(wanted) ? valueProblem(wanted, value ?? null) : undefined;
    if (problem !== undefined) return `"content.${name}" ${problem}`;
  }
  return undefined;
}

function valueProblem(schema: JsonObject, value: JsonValue): string | undefined {
  const type: unknown = schema["type"];
  switch (type) {
    case "string":
      if (typeof value !== "string") return "is not a string";
      return isOffered(schema, value) ? undefined : "is not one of the offered values";
    case "boolean":
      return typeof value === "boolean" ? undefined : "is not true or false";
    case "integer":
      return Number.isInteger(value) ? undefined : "is not an integer";
    case "number":
      return typeof value === "number" ? undefined : "is not a number";
    case "array": {
      const items = schema["items"];
      if (!Array.isArray(value)) return "is not a list";
      if (!isJsonObject(items)) return undefined;
      return value.every((one) => typeof one === "string" && isOffered(items, one))
        ? undefined
        : "has something that is not one of the offered values";
    }
    default:
      return undefined;
  }
}

/** Enums come as `enum`, or titled as `oneOf` and `anyOf` with `const` (SEP-1330). */
function isOffered(schema: JsonObject, value: string): boolean {
  if (Array.isArray(schema["enum"])) return schema["enum"].includes(value);
  const titled = schema["oneOf"] ?? schema["anyOf"];
  if (!Array.isArray(titled)) return true;
  return titled.some((one) => isJsonObject(one) && one["const"] === value);
}

function samplingProblem({ role, content, model }: JsonObject): string | undefined {
  if (role !== "assistant" && role !== "user") return '"role" is not "assistant" or "user"';
  if (!isJsonObject(content) && !Array.isArray(content)) return '"content" is missing';
  return typeof model === "string" ? undefined : '"model" is not a string';
}

function isRoot(root: JsonValue): boolean {
  return isJsonObject(root) && typeof root["uri"] === "string";
}

function noMethod(message: string): RpcError {
  return { code: RPC_CODES.methodNotFound, message };
}

function invalid(message: string): RpcError {
  return { code: RPC_CODES.invalidParams, message };
}
