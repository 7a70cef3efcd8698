import { readInputRequired, type InputRequired } from "../backends/input-rounds.ts";
import { neededCapabilities, questionProblem } from "../backends/check-question.ts";
import { GatewayError, asGatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { type Answer, RPC_CODES, type RpcError } from "../core/json-rpc.ts";
import type { Question } from "../core/question.ts";
import type { ForwardedMethod } from "../gateway/gateway.ts";
import type { Call, DispatchDeps } from "./call.ts";
import { ownResult, toEra } from "./era-result.ts";
import { createdTask, taskMade } from "./forward-task.ts";
import { createLogFilter } from "./log-filter.ts";
import { asToolError, failureReply } from "./mcp-errors.ts";
import { keepApproval, permitCall, readVerdict, type Verdict } from "./permit-call.ts";
import type { Reply } from "./reply.ts";
import { checkParamHeaders } from "./request-era.ts";
import type { RequestState } from "./request-state.ts";
import { failureText, RpcFailure } from "./rpc-failure.ts";

const READ_CACHE_MEMBERS = '"ttlMs":0,"cacheScope":"private",';
/** An address a person has to visit first (2025-11-25, client/elicitation, URL mode). */
const URL_REQUIRED = -32042;

/**
 * A client that has opened a page comes back at once, and the SDK gives up after ten rounds, while
 * whoever opened it is still typing a password: so each further round takes this long.
 */
const VISIT_MS = 10_000;

/** Passes a request on to its backend and the answer back, each in the era of its reader. */
export async function forwardRequest(
  deps: DispatchDeps,
  call: Call,
  method: ForwardedMethod,
): Promise<Reply> {
  const { caller, scope, era, request, notify, client, context } = call;
  try {
    const given = request.params ?? {};
    const { params, verdict } =
      era === "legacy" || given["requestState"] === undefined
        ? { params: given, verdict: undefined }
        : await restoreParams(deps, call, { method, params: given });
    if (era === "modern" && method === "tools/call") await checkToolHeaders(deps, call, params);
    const permission =
      caller.approvals === undefined || method !== "tools/call"
        ? undefined
        : await permitCall(deps, call, { params, verdict });
    if (permission?.kind === "asked") return resultReply(call, permission.result);
    if (permission?.kind === "declined") return toolError(call, declined(params));
    const approved = permission?.kind === "approved";
    let undeclared: Question | undefined;
    const answered = await deps.gateway.forward(
      caller,
      {
        method,
        scope,
        id: request.id,
        params,
        ...(approved ? { approved } : {}),
        ...(notify === undefined ? {} : { notify: createLogFilter(call, notify) }),
        ...(client === undefined
          ? {}
          : {
              client: {
                ...client,
                onUndeclared: (question) => {
                  undeclared ??= question;
                },
              },
            }),
      },
      context,
    );
    const special = specialReply(deps, call, { answer: answered, undeclared, approved });
    if (special !== undefined) {
      const reply = await special;
      if (reply !== undefined) return reply;
    }
    return ok(toEra(answered, era, method === "resources/read" ? READ_CACHE_MEMBERS : ""));
  } catch (error) {
    return asReply(call, method, error);
  }
}

/** The backend's own state again, where a client comes back with answers to a modern backend. */
async function restoreParams(
  { states, gateway, slips }: DispatchDeps,
  { caller, scope, context }: Call,
  { method, params }: Readonly<{ method: ForwardedMethod; params: JsonObject }>,
): Promise<Readonly<{ params: JsonObject; verdict: Verdict }>> {
  const { requestState, ...rest } = params;
  const state = await states.open({ caller, scope, method, params }, requestState);
  if (state.kind === "held") {
    throw new GatewayError("invalid_params", "Cannot continue: the question is not open any more");
  }
  const { inputResponses: responses = null, ...first } = rest;
  if (state.kind !== "approval") {
    const { backend } = await gateway.locate(caller, { method, scope, params }, context);
    if (backend !== state.backend) throw new GatewayError("not_found", "Cannot continue: it moved");
  }
  const verdict = await readVerdict({ slips }, { caller }, { state, responses });
  if (state.kind !== "passed") return { params: first, verdict };
  const { state: own } = state;
  return { params: own === undefined ? rest : { ...rest, requestState: own }, verdict };
}

async function checkToolHeaders(
  { gateway }: DispatchDeps,
  call: Call,
  params: JsonObject,
): Promise<void> {
  // Only a tool that marks parameters costs anything, and those are rare.
  const { name } = params;
  if (typeof name !== "string") return;
  const marked = await gateway.markedSchema(call.caller, call.scope, name, call.context);
  if (marked !== undefined) checkParamHeaders(marked, params, call.headers);
}

type Answered = Readonly<{
  answer: Answer;
  undeclared: Question | undefined;
  /** By a person: whatever the call is asked on the way, it is still the one that was allowed. */
  approved: boolean;
}>;

/** Answers that do not mean the same in every era; undefined, and nothing awaited, for all others. */
function specialReply(
  deps: DispatchDeps,
  call: Call,
  { answer, undeclared, approved }: Answered,
): Reply | Promise<Reply | undefined> | undefined {
  const message = answer.message();
  if ("error" in message) {
    const error = undeclared === undefined ? message.error : missingCapability(undeclared);
    if (error.code === RPC_CODES.missingCapability) return capabilityReply(call, error);
    return error.code === URL_REQUIRED ? urlReply(deps, call, error, approved) : undefined;
  }
  const wanted = readInputRequired(message);
  if (wanted !== undefined) {
    return inputReply(deps, call, { asked: message.result, ...wanted, approved });
  }
  return createdTask(answer) === undefined ? undefined : taskReply(deps, call, answer);
}

/** A modern backend made a task of the call: its name is the caller's own. */
async function taskReply(
  deps: DispatchDeps,
  call: Call,
  answer: Answer,
): Promise<Reply | undefined> {
  const { caller, scope, request, context } = call;
  const { method, params = {} } = request;
  const located = { method: asking(method), scope, params };
  const { backend } = await deps.gateway.locate(caller, located, context);
  return backend === "gateway" ? undefined : taskMade(deps, call, answer, backend);
}

/** A modern backend asks: a modern client is asked in its own words, under a state of ours. */
async function inputReply(
  deps: DispatchDeps,
  call: Call,
  {
    asked,
    questions,
    requestState,
    approved,
  }: InputRequired & Readonly<{ asked: JsonObject; approved: boolean }>,
): Promise<Reply> {
  const { states, gateway } = deps;
  const { caller, scope, request, context, client } = call;
  if (call.era === "legacy") return cannotAsk(call, "its client");
  for (const question of questions.values()) {
    const problem = questionProblem(client?.capabilities ?? {}, question);
    if (problem !== undefined) return cannotAsk(call, problem.message);
  }
  const { method, params = {} } = request;
  const { backend } = await gateway.locate(
    caller,
    { method: asking(method), scope, params },
    context,
  );
  const state: RequestState = {
    kind: "passed",
    backend,
    ...(requestState === undefined ? {} : { state: requestState }),
    ...(approved ? { approval: await keepApproval(deps, call) } : {}),
  };
  const sealed = await states.seal({ caller, scope, method, params }, state);
  return resultReply(call, { ...asked, requestState: sealed });
}

/** A legacy backend fails where a modern one says what its client lacks. */
function missingCapability(question: Question): RpcError {
  const requiredCapabilities = neededCapabilities(question);
  const missing = Object.keys(requiredCapabilities).join(", ");
  return {
    code: RPC_CODES.missingCapability,
    message: `Missing client capability: ${missing}`,
    data: { requiredCapabilities },
  };
}

/** 2026-07-28, basic/versioning: HTTP 400 with what is missing; an older client reads a sentence. */
function capabilityReply(call: Call, error: RpcError): Reply {
  if (call.era === "legacy") return cannotAsk(call, error.message);
  const { code, message, data } = error;
  const failure = new RpcFailure(400, code, message, data);
  return { text: failureText(call.request.id, failure), status: 400 };
}

/**
 * The error of 2025-11-25 that names pages to visit first. A client of that revision knows it; a
 * modern one is asked to open them and calls again; everybody else is told in words.
 */
async function urlReply(
  deps: DispatchDeps,
  call: Call,
  error: RpcError,
  approved: boolean,
): Promise<Reply | undefined> {
  const { states, gateway } = deps;
  const { caller, scope, request, context, client, era } = call;
  const pages = pagesIn(error);
  const knowsUrls = questionProblem(client?.capabilities ?? {}, {
    method: "elicitation/create",
    params: { mode: "url" },
  });
  if (era === "legacy" && knowsUrls === undefined) return undefined;
  if (era === "legacy" || knowsUrls !== undefined || pages.length === 0) {
    const links = pages
      // What has just been said is not said again.
      .map(({ message, url }) => (error.message.startsWith(message) ? url : `${message}: ${url}`))
      .join("\n");
    return toolError(call, links === "" ? error.message : `${error.message}\n${links}`);
  }
  const { method, params = {} } = request;
  if (params["requestState"] !== undefined) {
    await new Promise<void>((resolve) => void context.after(VISIT_MS, resolve));
  }
  const { backend } = await gateway.locate(
    caller,
    { method: asking(method), scope, params },
    context,
  );
  const inputRequests = Object.fromEntries(
    pages.map((page, index) => [
      `url-${index + 1}`,
      { method: "elicitation/create", params: { mode: "url", ...page } },
    ]),
  );
  const requestState = await states.seal(
    { caller, scope, method, params },
    {
      kind: "again",
      backend,
      ...(approved ? { approval: await keepApproval(deps, call) } : {}),
    },
  );
  return resultReply(call, { resultType: "input_required", inputRequests, requestState });
}

type Page = Readonly<{ message: string; url: string; elicitationId: string }>;

function pagesIn({ data }: RpcError): readonly Page[] {
  const listed =
    isJsonObject(data) && Array.isArray(data["elicitations"]) ? data["elicitations"] : [];
  return listed.flatMap((one) => {
    if (!isJsonObject(one)) return [];
    const { message, url, elicitationId } = one;
    if (typeof url !== "string" || typeof elicitationId !== "string") return [];
    return [
      { message: typeof message === "string" ? message : "Open this page", url, elicitationId },
    ];
  });
}

/** What can ask is forwarded; nothing else comes here. */
function asking(method: string): ForwardedMethod {
  switch (method) {
    case "tools/call":
    case "prompts/get":
    case "resources/read":
    case "completion/complete":
      return method;
    default:
      throw new TypeError(`${method} is not forwarded`);
  }
}

function declined({ name }: JsonObject): string {
  return `Cannot call tool ${JSON.stringify(name)}: the person behind this client did not allow it`;
}

function cannotAsk(call: Call, reason: string): Reply {
  return toolError(call, `Cannot answer: the backend has to ask the client first: ${reason}`);
}

function toolError(call: Call, message: string): Reply {
  if (call.request.method !== "tools/call") {
    const failure = new RpcFailure(200, RPC_CODES.internalError, message);
    return ok(failureText(call.request.id, failure));
  }
  return resultReply(call, { content: [{ type: "text", text: message }], isError: true });
}

function asReply(call: Call, method: ForwardedMethod, error: unknown): Reply {
  const { id, params } = call.request;
  if (error instanceof RpcFailure) return failureReply(id, error);
  const known = asGatewayError(error);
  const readable = method === "tools/call" ? asToolError(known) : undefined;
  if (readable !== undefined) return resultReply(call, readable);
  if (known.code !== "not_found" || method !== "resources/read") return failureReply(id, known);
  const uri = params?.["uri"] ?? null;
  return failureReply(id, new RpcFailure(200, RPC_CODES.invalidParams, known.message, { uri }));
}

function resultReply({ request, era }: Call, result: JsonObject): Reply {
  return ok(JSON.stringify({ jsonrpc: "2.0", id: request.id, result: ownResult(result, era) }));
}

function ok(text: string): Reply {
  return { text, status: 200 };
}
