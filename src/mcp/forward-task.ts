import type { BackendName } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import type { Answer } from "../core/json-rpc.ts";
import type { TaskMethod } from "../gateway/gateway.ts";
import type { Call, DispatchDeps } from "./call.ts";
import { declaredCapabilities } from "./client-capabilities.ts";
import { toEra } from "./era-result.ts";
import type { Reply } from "./reply.ts";
import { isBackendTask, unknownTask } from "./task-names.ts";
import { requireTasks } from "./task-wire.ts";

/** Asks a backend after a task that it made (SEP-2663), under the backend's own id. */
export async function forwardTask(
  deps: DispatchDeps,
  call: Call,
  method: TaskMethod,
): Promise<Reply> {
  const { caller, scope, request, client, context } = call;
  requireTasks(declaredCapabilities(request));
  const { params = {}, id } = request;
  const name = params["taskId"];
  if (!isBackendTask(name)) throw unknownTask();
  const { backend, taskId } = await deps.taskNames.open(caller, name);
  const answer = await deps.gateway.forward(
    caller,
    {
      method,
      scope,
      id,
      params: { ...params, taskId },
      backend,
      ...(client === undefined ? {} : { client }),
    },
    context,
  );
  return { text: renamed(toEra(answer, "modern", ""), taskId, name), status: 200 };
}

/** The answer of a backend that made a task of a call, with a name for it; undefined for others. */
export function taskMade(
  { taskNames }: DispatchDeps,
  { caller }: Call,
  answer: Answer,
  backend: BackendName,
): Promise<Reply> | undefined {
  const taskId = createdTask(answer);
  if (taskId === undefined) return undefined;
  return taskNames
    .name(caller, backend, taskId)
    .then((name) => ({ text: renamed(answer.text, taskId, name), status: 200 }));
}

export function createdTask(answer: Answer): string | undefined {
  const message = answer.message();
  if ("error" in message) return undefined;
  const { resultType, taskId }: JsonObject = message.result;
  return resultType === "task" && typeof taskId === "string" ? taskId : undefined;
}

/** In the text, so that everything else the backend said keeps its form. */
function renamed(text: string, taskId: string, name: string): string {
  const own = JSON.stringify(taskId);
  return text.replaceAll(
    /("taskId"\s*:\s*)("(?:[^"\\]|\\.)*")/g,
    (whole, key: string, value: string) => (value === own ? key + JSON.stringify(name) : whole),
  );
}
