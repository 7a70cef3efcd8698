import { Hono, type MiddlewareHandler } from "hono";
import type { Authenticator } from "../auth/authenticate.ts";
import type { Caller } from "../auth/caller.ts";
import { asFunctionTool } from "../chat/functions.ts";
import type { LoopDeps } from "../chat/tool-loop.ts";
import { asGatewayError, GatewayError } from "../core/errors.ts";
import { HOP_HEADER, hopProblem } from "../core/hop.ts";
import { ALL, type RequestContext } from "../gateway/gateway.ts";
import { createInFlight } from "../gateway/limits.ts";
import { challengeHeaders } from "../http/challenge.ts";
import { ANY_ORIGIN, answerPreflight, isPreflight, withCors } from "../http/cors.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { requireCaller } from "../http/require-caller.ts";
import { answerChat } from "./chat-completions.ts";
import { answerSeated } from "./chat-seats.ts";
import { answerEmbeddings } from "./embeddings.ts";
import { type Model, modelsOf } from "./models.ts";
import { finerOf, OpenaiRefusal, openaiErrorResponse, retryHeaders } from "./openai-errors.ts";
import { answerResponses } from "./responses.ts";
import { unknownModel } from "./unknown-model.ts";
import type { AuditTrail } from "../telemetry/audit-trail.ts";

export type OpenaiNeeds = LoopDeps &
  Readonly<{
    authenticator: Authenticator;
    /** Which of our own origins a request came to; undefined when its Host is not ours. */
    ownOrigin: (request: Request) => string | undefined;
    audit: AuditTrail;
    /** Of this gateway; see `core/hop.ts`. */
    hopId: () => Promise<string>;
    contextOf: (request: Request, execution: Pick<ExecutionContext, "waitUntil">) => RequestContext;
  }>;

type Vars = { Variables: { caller: Caller; context: RequestContext } };

/** Methods per path, so that a wrong one is told from a path that is not there. */
const METHODS: readonly Readonly<{ path: RegExp; allow: string }>[] = [
  { path: /^\/v1\/(models|tools)$/, allow: "GET, HEAD, OPTIONS" },
  { path: /^\/v1\/models\/.+$/, allow: "GET, HEAD, OPTIONS" },
  { path: /^\/v1\/(chat\/completions|responses|embeddings)$/, allow: "POST, OPTIONS" },
];

/** What clients ask for whose base URL lacks `/v1`. */
const MISPLACED = ["/models", "/chat/completions", "/responses", "/embeddings"] as const;

/** The OpenAI dialect under `/v1`. */
export function createOpenaiRoutes(needs: OpenaiNeeds): Hono<Vars> {
  const { gateway, llm } = needs;
  const chats = createInFlight();
  const routes = new Hono<Vars>();

  useEverywhere(async (c, next) => {
    const request = c.req.raw;
    // Before the credential: a preflight never carries one.
    if (isPreflight(request)) return answerPreflight(request, ANY_ORIGIN);
    c.set("context", needs.contextOf(request, c.executionCtx));
    await next();
    c.header("x-request-id", c.var.context.requestId);
    c.res = withCors(c.res, request, ANY_ORIGIN);
    return undefined;
  });

  useEverywhere(async (c, next) => {
    const origin = requireOwnOrigin(needs.ownOrigin, c.req.raw);
    c.set(
      "caller",
      await requireCaller({
        authenticator: needs.authenticator,
        request: c.req.raw,
        resource: "v1",
        origin,
        context: c.var.context,
      }),
    );
    await next();
  });

  routes.use("/v1/*", async (c, next) => {
    const hops = c.req.header(HOP_HEADER);
    const loop = hops === undefined ? undefined : hopProblem(hops, await needs.hopId());
    if (loop === undefined) return next();
    return openaiErrorResponse(
      new GatewayError("backend_unavailable", `Cannot answer: ${loop}`),
      // In SDKs' eyes final: the same request would only go round again.
      { requestId: c.var.context.requestId, status: 508, headers: { "x-should-retry": "false" } },
    );
  });

  routes.get("/v1/models", async (c) => {
    return c.json({ object: "list", data: await listModels(c.var) });
  });

  // Ids have slashes, which clients send raw or as %2F.
  routes.get("/v1/models/*", async (c) => {
    const id = decodeId(new URL(c.req.url).pathname.slice("/v1/models/".length));
    const models = await listModels(c.var);
    // The list, asked for with a slash at the end.
    if (id === "") return c.json({ object: "list", data: models });
    const model = models.find((candidate) => candidate.id === id);
    if (model === undefined) throw unknownModel(id);
    return c.json(model);
  });

  routes.get("/v1/tools", async (c) => {
    const { caller, context } = c.var;
    const tools = await gateway.tools(caller, ALL, context);
    return c.json({ object: "list", data: tools.map(asFunctionTool) });
  });

  routes.post("/v1/chat/completions", (c) => {
    const request = c.req.raw;
    return seated(c.var, (asking) => answerChat({ ...needs, ...asking, request }));
  });

  routes.post("/v1/responses", (c) => {
    const request = c.req.raw;
    return seated(c.var, (asking) => answerResponses({ ...needs, ...asking, request }));
  });

  routes.post("/v1/embeddings", (c) => {
    const request = c.req.raw;
    return seated(c.var, (asking) => answerEmbeddings({ llm, ...asking, request }));
  });

  routes.all("/v1/*", (c) => {
    const { pathname } = new URL(c.req.url);
    const known = METHODS.find(({ path }) => path.test(pathname));
    if (known === undefined) throw unknownPath(c.req.method, pathname);
    return openaiErrorResponse(
      new GatewayError(
        "method_not_allowed",
        `Cannot ${c.req.method.slice(0, 20)} ${pathname.slice(0, 200)}: allowed is ${known.allow}`,
      ),
      { requestId: c.var.context.requestId, headers: { allow: known.allow } },
    );
  });

  for (const path of MISPLACED) {
    routes.all(path, (c) => {
      const hint = ', the base URL of the OpenAI API here ends in "/v1"';
      throw unknownPath(c.req.method, path, hint);
    });
  }

  routes.onError((thrown, c) => {
    const error = asGatewayError(thrown);
    const request = c.req.raw;
    const origin = needs.ownOrigin(request) ?? new URL(request.url).origin;
    return openaiErrorResponse(error, {
      requestId: c.var.context.requestId,
      finer: finerOf(error),
      headers: {
        ...challengeHeaders(error, { request, resource: "v1", origin }),
        ...retryHeaders(error),
      },
    });
  });

  return routes;

  function useEverywhere(handler: MiddlewareHandler<Vars>): void {
    for (const path of ["/v1/*", ...MISPLACED]) routes.use(path, handler);
  }

  function seated(
    { caller, context }: Vars["Variables"],
    answer: (asking: Vars["Variables"]) => Promise<Response>,
  ): Promise<Response> {
    return answerSeated({ chats, userId: caller.userId, context }, (tracked) =>
      answer({ caller, context: tracked }),
    );
  }

  async function listModels({ caller, context }: Vars["Variables"]): Promise<readonly Model[]> {
    const [backends, overview, listed] = await Promise.all([
      gateway.status(caller, context),
      llm.overview(context),
      llm.models(context),
    ]);
    return modelsOf({ backends, overview, listed }, caller);
  }
}

function unknownPath(method: string, pathname: string, hint = ""): OpenaiRefusal {
  return new OpenaiRefusal(
    "not_found",
    `Cannot ${method.slice(0, 20)} ${pathname.slice(0, 200)}: there is no such path${hint}`,
    { code: "unknown_url" },
  );
}

function decodeId(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // a stray percent sign: looked up as it stands
  }
}
