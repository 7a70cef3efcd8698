import type { Caller } from "../auth/caller.ts";
import { questionProblem } from "../backends/check-question.ts";
import { randomToken } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { type Question, QuestionRefused } from "../core/question.ts";
import { approvalNeeded } from "../gateway/approval-rule.ts";
import type { CallToApprove } from "../gateway/gateway.ts";
import { shownArguments, withoutUnseen } from "../gateway/shown-arguments.ts";
import type { Call, DispatchDeps } from "./call.ts";
import { STATE_LIFE_MS, type RequestState } from "./request-state.ts";

/** A tool that is called by a page of text would have its arguments out of sight. */
const MAX_NAME = 120;

/** The one question of ours in `inputRequests`. */
const KEY = "approval";

/** Its client is asked in the result; nothing has run. */
export type Wanted = Readonly<{ kind: "asked"; result: JsonObject }>;

/** `free`: nobody has to allow the call. */
export type Permission = Readonly<{ kind: "free" | "approved" | "declined" }> | Wanted;

/** What a client that comes back says of a question of ours: as in `Permission`. */
export type Verdict = "approved" | "declined" | undefined;

/**
 * Asks the person behind a client whether a call may run, where the rules of its caller want that.
 * Throws `approval_needed` where nobody can be asked.
 */
export async function permitCall(
  deps: DispatchDeps,
  call: Call,
  { params, verdict }: Readonly<{ params: JsonObject; verdict: Verdict }>,
): Promise<Permission> {
  const { caller, scope, context, client, era } = call;
  if (verdict !== undefined) return { kind: verdict };
  const wanted = await deps.gateway.toApprove(
    caller,
    { method: "tools/call", scope, params },
    context,
  );
  if (wanted === undefined) return { kind: "free" };
  const { tool } = wanted;
  const question = questionFor(wanted, caller);
  if (questionProblem(client?.capabilities ?? {}, question) !== undefined) {
    throw approvalNeeded(tool.ownName);
  }
  if (client?.ask !== undefined) return { kind: await askNow(client.ask, question, call) };
  if (era === "legacy") throw approvalNeeded(tool.ownName);
  const state: RequestState = { kind: "approval", approval: await keepApproval(deps, call) };
  const requestState = await deps.states.seal(
    { caller, scope, method: "tools/call", params },
    state,
  );
  const result = { resultType: "input_required", inputRequests: { [KEY]: question }, requestState };
  return { kind: "asked", result };
}

/** A slip that lets one call run: its name goes into a state that fits this call alone. */
export async function keepApproval(
  { slips }: Pick<DispatchDeps, "slips">,
  { caller }: Pick<Call, "caller">,
): Promise<string> {
  const name = `permit:${randomToken(16)}`;
  await slips.put(caller.userId, { name, text: "", lifeMs: STATE_LIFE_MS });
  return name;
}

/** What the state of a request means for its call. Throws `invalid_params` for a slip that is used. */
export async function readVerdict(
  { slips }: Pick<DispatchDeps, "slips">,
  { caller }: Pick<Call, "caller">,
  { state, responses }: Readonly<{ state: RequestState; responses: JsonObject[string] }>,
): Promise<Verdict> {
  if (state.kind === "held" || state.approval === undefined) return undefined;
  if ((await slips.take(caller.userId, state.approval)) === undefined) {
    throw new GatewayError("invalid_params", "Cannot continue: the question is not open any more");
  }
  if (state.kind !== "approval") return "approved";
  const answer = isJsonObject(responses) ? responses[KEY] : undefined;
  return isJsonObject(answer) && isYes(answer) ? "approved" : "declined";
}

async function askNow(
  ask: NonNullable<NonNullable<Call["client"]>["ask"]>,
  question: Question,
  { context }: Call,
): Promise<"approved" | "declined"> {
  try {
    return isYes(await ask(question, context.signal)) ? "approved" : "declined";
  } catch (error) {
    // A client that refuses to ask has not said yes.
    if (error instanceof QuestionRefused) return "declined";
    throw error;
  }
}

function isYes({ action }: JsonObject): boolean {
  return action === "accept";
}

function questionFor(
  { tool: { backend, ownName }, arguments: args }: CallToApprove,
  { account }: Pick<Caller, "account">,
): Question {
  const { text, missing } = shownArguments(args);
  const isLong = ownName.length > MAX_NAME;
  const name = isLong ? `${ownName.slice(0, MAX_NAME).toWellFormed()}…` : ownName;
  const tool = withoutUnseen(JSON.stringify(name));
  const of = account === undefined ? `"${backend}"` : `"${backend}", account "${account.name}",`;
  return {
    method: "elicitation/create",
    params: {
      mode: "form",
      message: [
        `May the tool ${tool} of ${of} run with these arguments?`,
        text,
        ...(missing === 0 ? [] : [`${missing} characters are not shown`]),
      ].join("\n\n"),
      requestedSchema: { type: "object", properties: {} },
    },
  };
}
