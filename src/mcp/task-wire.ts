import { TASKS_EXTENSION } from "../catalog/passed-extensions.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { RPC_CODES, type RequestId } from "../core/json-rpc.ts";
import type { TaskMethod } from "../gateway/gateway.ts";
import type { Standing } from "./detached-calls.ts";
import { KEPT_MS, type KeptCall } from "./kept-store.ts";
import type { Reply } from "./reply.ts";
import { RpcFailure } from "./rpc-failure.ts";

/** How often a client should ask. */
const POLL_MS = 1_000;

export const TASK_METHODS: ReadonlyMap<string, TaskMethod> = new Map(
  (["tasks/get", "tasks/update", "tasks/cancel"] as const).map((method) => [method, method]),
);

/** Throws what a client hears that did not say it knows tasks (2026-07-28, basic/versioning). */
export function requireTasks(capabilities: JsonObject): void {
  if (declaresTasks(capabilities)) return;
  throw new RpcFailure(
    400,
    RPC_CODES.missingCapability,
    `Missing client capability: the extension ${TASKS_EXTENSION}`,
    { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
  );
}

/** Whether a request may be answered with a task, or may ask for one. */
export function declaresTasks(capabilities: JsonObject): boolean {
  const { extensions } = capabilities;
  return isJsonObject(extensions) && isJsonObject(extensions[TASKS_EXTENSION]);
}

/** `CreateTaskResult`: the task in place of the result. */
export function taskReply(id: RequestId, call: KeptCall): Reply {
  const result = { resultType: "task", ...taskOf(call), status: "working" };
  return { text: JSON.stringify({ jsonrpc: "2.0", id, result }), status: 200 };
}

/** `tasks/get`: how the task stands, with its result, its error or what it waits for. */
export function taskState(standing: Standing): JsonObject {
  const task = { resultType: "complete", ...taskOf(standing.call) };
  if (standing.kind === "over") {
    const answered: unknown = JSON.parse(standing.text);
    const { result, error } = isJsonObject(answered) ? answered : {};
    if (standing.call.status === "cancelled") return task;
    if (isJsonObject(result)) return { ...task, result };
    return { ...task, ...(isJsonObject(error) ? { error } : {}) };
  }
  const { questions, message } = standing;
  const statusMessage = message === "" ? {} : { statusMessage: message };
  if (questions.size === 0) return { ...task, ...statusMessage };
  return {
    ...task,
    status: "input_required",
    ...statusMessage,
    inputRequests: Object.fromEntries(questions),
  };
}

function taskOf({ handle, status, createdAt, updatedAt }: KeptCall): JsonObject {
  return {
    taskId: handle,
    status,
    createdAt: new Date(createdAt).toISOString(),
    lastUpdatedAt: new Date(updatedAt).toISOString(),
    ttlMs: KEPT_MS,
    pollIntervalMs: POLL_MS,
  };
}
