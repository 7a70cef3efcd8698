import { asGatewayError } from "../core/errors.ts";
import type { BackendName } from "../core/ids.ts";
import { ALL } from "../gateway/gateway.ts";
import { docsPage } from "./docs-page.ts";
import { requireBackend, requireListed } from "./find-backend.ts";
import { acceptsHtml, BROWSER_SIGN_IN, presentsCredential } from "./rest-caller.ts";
import { answerDocument, restDocument } from "./rest-document.ts";
import { restErrorResponse } from "./rest-errors.ts";
import type { RestExchange } from "./rest-exchange.ts";
import type { RestPage } from "./rest-path.ts";
import { getPrompt, listPrompts } from "./rest-prompts.ts";
import { listResources, readResource } from "./rest-resources.ts";

/** What is read, of all backends or of one that the caller may know of. */
export async function answerPage(exchange: RestExchange, page: RestPage): Promise<Response> {
  const { backend } = page;
  if (backend === undefined) return readPage(exchange, page);
  await (NEEDS_LISTING[page.kind] ? requireListed : requireBackend)(exchange, backend);
  try {
    return await readPage(exchange, page);
  } catch (thrown) {
    const { context, compat } = exchange;
    const failing = { requestId: context.requestId, server: backend, compat };
    return restErrorResponse(asGatewayError(thrown), failing);
  }
}

/** Of what is not known yet, nothing can be said. */
const NEEDS_LISTING = {
  home: true,
  docs: true,
  document: true,
  resources: true,
  prompts: true,
  features: false,
  system: false,
} as const satisfies Record<RestPage["kind"], boolean>;

async function readPage(exchange: RestExchange, page: RestPage): Promise<Response> {
  switch (page.kind) {
    case "home":
      return acceptsHtml(exchange.request)
        ? answerDocs(exchange, page.backend)
        : describeHome(exchange, page.backend);
    case "docs":
      return answerDocs(exchange, page.backend);
    case "document":
      return answerDocument(exchange, page.backend);
    case "features":
      return Response.json(FEATURES);
    case "system":
      return Response.json({ prompt: await instructionsOf(exchange, page.backend) });
    case "resources": {
      const uri = page.uri ?? exchange.query?.get("uri") ?? undefined;
      return uri === undefined
        ? listResources(exchange, page.backend)
        : readResource(exchange, page.backend, uri);
    }
    case "prompts":
      return page.name === undefined
        ? listPrompts(exchange, page.backend)
        : getPrompt(exchange, page.backend, page.name);
    default:
      return page satisfies never;
  }
}

/** Open WebUI's browser asks for this, and with `system` for the prompt that comes next. */
const FEATURES = { features: { system: true } };

/** Put before a chat that uses these tools; empty where backends say nothing of themselves. */
async function instructionsOf(
  { gateway, caller, context }: RestExchange,
  backend: BackendName | undefined,
): Promise<string> {
  const scope = backend === undefined ? ALL : ({ kind: "one", backend } as const);
  return (await gateway.describe(caller, scope, context)).instructions ?? "";
}

async function answerDocs(
  exchange: RestExchange,
  backend: BackendName | undefined,
): Promise<Response> {
  const { gateway, caller, context, request } = exchange;
  const [document, states] = await Promise.all([
    restDocument(exchange, backend),
    gateway.status(caller, context),
  ]);
  return docsPage({
    document,
    backend,
    states,
    signedIn: presentsCredential(request),
    query: request.url.endsWith(BROWSER_SIGN_IN) ? BROWSER_SIGN_IN : "",
  });
}

/** Where to go from here, for whoever asks with something else than a browser. */
async function describeHome(
  { gateway, caller, context, config }: RestExchange,
  backend: BackendName | undefined,
): Promise<Response> {
  const below = (path: string): string => `${config.rootPath}${config.pathPrefix}${path}`;
  if (backend !== undefined) {
    return Response.json({
      docs: below(`${backend}/docs`),
      openapi: below(`${backend}/openapi.json`),
      tools: below(`${backend}/{tool}`),
      resources: below(`${backend}/resources`),
      prompts: below(`${backend}/prompts`),
      mcp: `/mcp/${backend}`,
    });
  }
  const statuses = await gateway.status(caller, context);
  return Response.json({
    mcp: "/mcp",
    openai: "/v1",
    docs: `${config.rootPath}/docs`,
    openapi: `${config.rootPath}/openapi.json`,
    status: "/status",
    servers: statuses.map(({ name, state }) => ({
      name,
      state,
      openapi: below(`${name}/openapi.json`),
    })),
  });
}
