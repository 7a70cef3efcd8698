import { afterTimeout } from "../core/patience.ts";
import { GiveUp } from "../core/call-signal.ts";
import type { RpcRequest } from "../core/json-rpc.ts";
import { HOUSE } from "../gateway/house-tool.ts";
import type { DispatchDeps } from "./call.ts";
import type { CallHop } from "./caller-stub.ts";
import { declaredCapabilities } from "./client-capabilities.ts";
import { KEPT_MS, type KeptCall } from "./kept-store.ts";
import type { Reply } from "./reply.ts";
import { declaresTasks, taskReply } from "./task-wire.ts";

/** The name of the called tool in the caller's words. */
export function calledTool({ params }: RpcRequest): string {
  const name = params?.["name"];
  return typeof name === "string" ? name : "";
}

/** What the client is told whose call goes on without it: a task where it knows tasks, else words. */
export async function detachedReply(
  { gateway }: DispatchDeps,
  { caller, scope, era, request, requestId }: CallHop,
  call: KeptCall,
): Promise<Reply> {
  if (era === "modern" && declaresTasks(declaredCapabilities(request))) {
    return taskReply(request.id, call);
  }
  const context = {
    requestId,
    signal: new GiveUp(),
    after: afterTimeout,
    waitUntil: () => {},
  };
  const tools = await gateway.tools(caller, scope, context);
  const fetcher = tools.find(
    ({ backend, ownName }) => backend === HOUSE && ownName === "get_result",
  );
  const called = tools.find(({ name }) => name === call.tool);
  const text =
    `"${call.tool}" takes longer and goes on in the background. Do not call it again. ` +
    `Fetch its result with the tool ${fetcher?.name ?? "get_result"} and the handle ` +
    `${call.handle} (kept for ${KEPT_MS / 60_000} minutes).`;
  const result = {
    content: [{ type: "text", text }],
    // Without structured content only a failure may stand where an output schema promises some.
    ...(called?.tool["outputSchema"] === undefined ? {} : { isError: true }),
    ...(era === "modern" ? { resultType: "complete" } : {}),
  };
  return { text: JSON.stringify({ jsonrpc: "2.0", id: request.id, result }), status: 200 };
}
