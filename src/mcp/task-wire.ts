import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { RequestId } from "../core/json-rpc.ts";
import type { Standing } from "./detached-calls.ts";
import { KEPT_MS, type KeptCall } from "./kept-store.ts";
import type { Reply } from "./reply.ts";

/** Long work is handed over as a task the client asks about (SEP-2663). */
export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";
/** How often a client should ask. */
const POLL_MS = 1_000;

export const TASK_METHODS: ReadonlySet<string> = new Set([
  "tasks/get",
  "tasks/update",
  "tasks/cancel",
]);

export function isTaskMethod(method: string): boolean {
  return TASK_METHODS.has(method);
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
