import { CLIENT_CAPABILITIES } from "../backends/wire.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { type Answer, RPC_CODES, type RpcError, type RpcResponse } from "../core/json-rpc.ts";
import type { Question } from "../core/question.ts";
import type { CallContext, ForwardedRequest } from "../gateway/gateway.ts";
import type { RestExchange } from "./rest-exchange.ts";
import { RestRefusal } from "./rest-refusal.ts";

export type BackendQuestion = Pick<ForwardedRequest, "method" | "scope" | "params"> &
  Readonly<{
    /** For messages: `call tool "x"`. */
    action: string;
    /** Where codes of this method mean something else than elsewhere. */
    statuses?: ReadonlyMap<number, number>;
  }>;

/** A page that a person has to visit first (2025-11-25, client/elicitation, URL mode). */
const URL_REQUIRED = -32042;

/** As mcpo maps them; what is not here is 500. */
const STATUS_OF_CODE: ReadonlyMap<number, number> = new Map([
  [RPC_CODES.parseError, 400],
  [RPC_CODES.invalidRequest, 400],
  [RPC_CODES.methodNotFound, 404],
  [RPC_CODES.invalidParams, 422],
]);

/** What browsers still open. */
const MAX_ADDRESS = 8_192;

/**
 * The answer of a backend that has a result. Everything else is thrown: GatewayError as `forward`
 * does, RestRefusal for an error of the backend and for a question, because behind REST is nobody
 * who could be asked.
 */
export async function askBackend(
  exchange: Pick<RestExchange, "gateway" | "caller">,
  question: BackendQuestion,
  context: CallContext,
): Promise<Answer> {
  const first = await forward(exchange, question, { capabilities: CLIENT_CAPABILITIES, context });
  const { answer, asked } = wantsPages(first.answer.message())
    ? await forward(exchange, question, { capabilities: OPENS_PAGES, context })
    : first;
  const refusal = findRefusal(answer.message(), asked, question);
  if (refusal !== undefined) throw refusal;
  return answer;
}

/** Such a backend names the page only to those who could open it; the call itself was not run. */
const OPENS_PAGES: JsonObject = { ...CLIENT_CAPABILITIES, elicitation: { url: {} } };

function wantsPages(message: RpcResponse): boolean {
  if (!("error" in message) || message.error.code !== RPC_CODES.missingCapability) return false;
  const { data } = message.error;
  const wanted = isJsonObject(data) ? data["requiredCapabilities"] : undefined;
  const elicitation = isJsonObject(wanted) ? wanted["elicitation"] : undefined;
  return isJsonObject(elicitation) && elicitation["url"] !== undefined;
}

type Heard = Readonly<{ answer: Answer; asked: Question | undefined }>;

async function forward(
  { gateway, caller }: Pick<RestExchange, "gateway" | "caller">,
  { method, scope, params }: BackendQuestion,
  { capabilities, context }: Readonly<{ capabilities: JsonObject; context: CallContext }>,
): Promise<Heard> {
  let asked: Question | undefined;
  const client = {
    capabilities,
    connection: undefined,
    ask: undefined,
    onUndeclared: (question: Question) => {
      asked ??= question;
    },
  };
  const answer = await gateway.forward(caller, { method, scope, id: 1, params, client }, context);
  return { answer, asked };
}

function findRefusal(
  message: RpcResponse,
  asked: Question | undefined,
  { action, statuses }: Pick<BackendQuestion, "action" | "statuses">,
): RestRefusal | undefined {
  if ("error" in message) {
    const { error } = message;
    if (error.code === URL_REQUIRED) return personNeeded(action, visitsOf(error.data));
    if (error.code === RPC_CODES.missingCapability) return clientNeeded(action);
    return asked === undefined
      ? backendError(error, statuses)
      : personNeeded(action, [asked.params]);
  }
  const { resultType, isError, inputRequests } = message.result;
  if (resultType === "input_required") return personNeeded(action, paramsOf(inputRequests));
  // Most tools whose question was refused say that they could not ask.
  if (isError === true && asked !== undefined) return personNeeded(action, [asked.params]);
  if (resultType === undefined || resultType === "complete") return undefined;
  return new RestRefusal(
    "backend_failed",
    `Cannot ${action}: the backend answered with something that REST cannot pass on`,
    {},
  );
}

/** An error in the backend's own words. */
function backendError(
  { code, message, data }: RpcError,
  statuses: BackendQuestion["statuses"],
): RestRefusal {
  return new RestRefusal("backend_failed", message, {
    code: "backend_error",
    status: statuses?.get(code) ?? STATUS_OF_CODE.get(code) ?? 500,
    ...(data === undefined ? {} : { data }),
  });
}

/** `questions`: what was asked, of which one may be a page to visit. */
function personNeeded(action: string, questions: readonly JsonObject[]): RestRefusal {
  const page = questions.map(({ url }) => url).find(isWebAddress);
  if (page === undefined) {
    return new RestRefusal(
      "backend_failed",
      `Cannot ${action}: the backend asks its user something first, which an MCP client can answer and REST cannot`,
      { code: "input_required", status: 424 },
    );
  }
  return new RestRefusal(
    "backend_failed",
    `Cannot ${action}: somebody has to open authorization_url first, then it can be called again`,
    { code: "authorization_required", status: 424, authorizationUrl: page },
  );
}

/** The backend serves only clients that have declared what REST has no words for. */
function clientNeeded(action: string): RestRefusal {
  return new RestRefusal(
    "backend_failed",
    `Cannot ${action}: the backend wants a client that can be asked or follows tasks, which MCP clients can and REST cannot`,
    { code: "input_required", status: 424 },
  );
}

/** Of a backend's making: what is no web address would run in the browser that opens it. */
function isWebAddress(url: JsonValue | undefined): url is string {
  const isShort = typeof url === "string" && url.length <= MAX_ADDRESS;
  return isShort && /^https?:\/\//i.test(url) && URL.canParse(url);
}

function visitsOf(data: JsonValue | undefined): readonly JsonObject[] {
  const visits = isJsonObject(data) ? data["elicitations"] : undefined;
  return Array.isArray(visits) ? visits.filter(isJsonObject) : [];
}

function paramsOf(requests: JsonValue | undefined): readonly JsonObject[] {
  if (!isJsonObject(requests)) return [];
  return Object.values(requests)
    .filter(isJsonObject)
    .map(({ params }) => params)
    .filter(isJsonObject);
}
