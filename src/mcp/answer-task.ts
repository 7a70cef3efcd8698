import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { CallHop } from "./caller-stub.ts";
import { declaredCapabilities } from "./client-capabilities.ts";
import type { DetachedCalls, Standing } from "./detached-calls.ts";
import type { Reply } from "./reply.ts";
import { requireTasks, taskState } from "./task-wire.ts";

/** `tasks/get`, `tasks/update`, `tasks/cancel` for a call that goes on without its client (SEP-2663). */
export function answerTask(calls: DetachedCalls, { request }: CallHop): Reply {
  requireTasks(declaredCapabilities(request));
  const { method, params = {}, id } = request;
  const handle = params["taskId"];
  const standing = typeof handle === "string" ? calls.find(handle) : undefined;
  if (standing === undefined) {
    throw new GatewayError("invalid_params", "Cannot find the task: it is unknown or too old");
  }
  const result = perform(calls, { method, params, standing });
  return { text: JSON.stringify({ jsonrpc: "2.0", id, result }), status: 200 };
}

function perform(
  calls: DetachedCalls,
  { method, params, standing }: { method: string; params: JsonObject; standing: Standing },
): JsonObject {
  const { handle } = standing.call;
  if (method === "tasks/get") return taskState(standing);
  if (method === "tasks/cancel") calls.cancel(handle);
  if (method === "tasks/update") {
    const { inputResponses } = params;
    if (!isJsonObject(inputResponses)) {
      throw new GatewayError(
        "invalid_params",
        'Cannot update the task: "inputResponses" is missing',
      );
    }
    calls.answer(handle, inputResponses);
  }
  return { resultType: "complete" };
}
