import type { Caller } from "../auth/caller.ts";
import type { RpcRequest } from "../core/json-rpc.ts";
import { dispatch } from "./dispatch.ts";
import type { Exchange } from "./exchange.ts";
import type { Reply } from "./reply.ts";

/** A legacy request with one answer and nothing else: its client is neither asked nor notified. */
export function answerAlone(
  {
    deps,
    scope,
    context,
    request: { headers },
  }: Pick<Exchange, "deps" | "scope" | "context" | "request">,
  caller: Caller,
  request: RpcRequest,
): Promise<Reply> {
  return dispatch(deps, {
    caller,
    scope,
    era: "legacy",
    request,
    headers,
    notify: undefined,
    client: undefined,
    context,
  });
}
