import { GiveUp } from "../core/call-signal.ts";
import { PATIENCE_MS } from "../core/patience.ts";
import type { CallContext } from "../gateway/gateway.ts";
import type { RestExchange } from "./rest-exchange.ts";

/** For the one call to a backend that a request makes; a client that hangs up ends it. */
export function callContext({
  request,
  context,
}: Pick<RestExchange, "request" | "context">): CallContext {
  const { requestId, waitUntil, after } = context;
  const { headers } = request;
  const signal = new GiveUp();
  // The platform's signal costs on every request and only ever tells of slow ones.
  after(PATIENCE_MS, () => {
    if (request.signal.aborted) signal.abort();
    request.signal.addEventListener("abort", () => signal.abort());
  });
  return { surface: "rest", requestId, waitUntil, after, signal, headers, alone: true };
}
