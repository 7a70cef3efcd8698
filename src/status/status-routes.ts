import { Hono } from "hono";
import type { Authenticator } from "../auth/authenticate.ts";
import { asGatewayError, GatewayError } from "../core/errors.ts";
import type { CallContext, Gateway } from "../gateway/gateway.ts";
import { challengeHeaders } from "../http/challenge.ts";
import { ANY_ORIGIN, answerPreflight, isPreflight, withCors } from "../http/cors.ts";
import { problemResponse } from "../http/problem.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { requireCaller } from "../http/require-caller.ts";
import type { LanguageModels } from "../llm/language-models.ts";
import { reportStatus } from "./status-report.ts";

export type StatusNeeds = Readonly<{
  gateway: Gateway;
  llm: LanguageModels;
  authenticator: Authenticator;
  /** Which of our own origins a request came to; undefined when its Host is not ours. */
  ownOrigin: (request: Request) => string | undefined;
  contextOf: (request: Request, execution: Pick<ExecutionContext, "waitUntil">) => CallContext;
}>;

type Vars = { Variables: { context: CallContext } };

/** `/health` for machines that watch, `/status` for people with a credential. */
export function createStatusRoutes(needs: StatusNeeds): Hono<Vars> {
  const routes = new Hono<Vars>();

  // Public, so it says that the gateway runs and nothing else, and asks nobody to find out.
  routes.get("/health", (c) => c.json({ status: "ok" }, 200, { "cache-control": "no-store" }));

  routes.use("/status", async (c, next) => {
    const request = c.req.raw;
    if (isPreflight(request)) return answerPreflight(request, ANY_ORIGIN);
    c.set("context", needs.contextOf(request, c.executionCtx));
    await next();
    c.res = withCors(c.res, request, ANY_ORIGIN);
    return undefined;
  });

  routes.all("/status", async (c) => {
    const { context } = c.var;
    const request = c.req.raw;
    const caller = await requireCaller({
      authenticator: needs.authenticator,
      request,
      // What it reports is what `/mcp` serves; keys are good for both.
      resource: "mcp",
      origin: requireOwnOrigin(needs.ownOrigin, request),
      context,
    });
    if (request.method !== "GET" && request.method !== "HEAD") {
      return problemResponse(
        new GatewayError("method_not_allowed", "Cannot change the status: allowed is GET, HEAD"),
        context.requestId,
        { allow: "GET, HEAD, OPTIONS" },
      );
    }
    return c.json(await reportStatus(needs, caller, context), 200, {
      "cache-control": "no-store",
      "x-request-id": context.requestId,
    });
  });

  routes.onError((thrown, c) => {
    const error = asGatewayError(thrown);
    const request = c.req.raw;
    const origin = needs.ownOrigin(request) ?? new URL(request.url).origin;
    return problemResponse(
      error,
      c.var.context.requestId,
      challengeHeaders(error, { request, resource: "mcp", origin }),
    );
  });

  return routes;
}
