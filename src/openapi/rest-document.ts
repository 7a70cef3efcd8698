import { sha256Hex } from "../core/digest.ts";
import type { BackendName } from "../core/ids.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import {
  ALL,
  type BackendStatus,
  type Gateway,
  type ServerDescription,
  type VisibleTool,
} from "../gateway/gateway.ts";
import { HOUSE } from "../gateway/house-tool.ts";
import { backendInfo, wholeInfo } from "./document-info.ts";
import { SECURITY, sharedSchemas } from "./document-parts.ts";
import { listPaths } from "./list-operations.ts";
import type { RestExchange } from "./rest-exchange.ts";
import { toolOperation } from "./tool-operation.ts";

/** Who asks for a document, and in whose words. */
export type DocumentQuestion = Pick<RestExchange, "caller" | "context" | "config" | "compat"> &
  Readonly<{ gateway: Pick<Gateway, "describe" | "status" | "tools"> }>;

/**
 * The OpenAPI 3.1 document of what the caller sees of one backend, or of all. Throws `not_found`
 * for a backend the caller does not see.
 */
export async function restDocument(
  question: DocumentQuestion,
  backend: BackendName | undefined,
): Promise<JsonObject> {
  return (await findDocument(question, backend)).document;
}

/** The same as an answer, which a client that has it need not take again. */
export async function answerDocument(
  exchange: RestExchange,
  backend: BackendName | undefined,
): Promise<Response> {
  const { text, tag } = await findDocument(exchange, backend);
  const headers = {
    "content-type": "application/json",
    // It is what this key may see, and changes with the backends.
    "cache-control": "private, no-cache",
    etag: tag,
  };
  const held = exchange.request.headers.get("if-none-match");
  return held !== null && matches(held, tag)
    ? new Response(null, { status: 304, headers })
    : new Response(text, { headers });
}

/** Compared weakly: whoever compresses an answer on its way weakens its tag. */
function matches(held: string, tag: string): boolean {
  return held
    .split(",")
    .map((one) => one.trim().replace(/^W\//, ""))
    .some((one) => one === tag || one === "*");
}

type Written = Readonly<{ document: JsonObject; text: string; tag: string }>;

/**
 * A description is one per set of callers, scope and state of the lists, and so are documents, up to
 * what else they say.
 */
const written = new Map<ServerDescription, Map<string, Written>>();
/** Documents are read once and then asked after; one of a big catalog is a megabyte. */
const MAX_DESCRIBED = 16;
/** In characters, all of them together: one backend alone may list half of that. */
const MAX_KEPT = 16 * 1024 * 1024;
/** With mcpo's words and without. */
const MAX_WRITTEN = 2;
/** Of one backend: five thousand tools of a kilobyte can refer to themselves into gigabytes. */
const MAX_REFERRED = 4 * 1024 * 1024;

async function findDocument(
  question: DocumentQuestion,
  backend: BackendName | undefined,
): Promise<Written> {
  const { gateway, caller, context, config, compat } = question;
  const scope = backend === undefined ? ALL : ({ kind: "one", backend } as const);
  const statuses = backend === undefined ? await gateway.status(caller, context) : [];
  const description = await gateway.describe(caller, scope, context);
  const known = written.get(description) ?? new Map<string, Written>();
  const states = statuses.map(({ name, state }) => `${name} ${state}`);
  const key = JSON.stringify([compat, config, states]);
  const held = known.get(key);
  if (held !== undefined) return held;
  // After the description, so that newer tools are at worst kept under an older one, not the reverse.
  const tools = await gateway.tools(caller, scope, context);
  const document = createDocument({ config, compat, backend, description, statuses, tools });
  const text = JSON.stringify(document);
  const tag = `"${(await sha256Hex(text)).slice(0, 32)}"`;
  const made = { document, text, tag };
  dropOldest(known.set(key, made), MAX_WRITTEN);
  dropOldest(written.set(description, known), MAX_DESCRIBED);
  for (const oldest of written.keys()) {
    if (keptLength() <= MAX_KEPT || oldest === description) break;
    written.delete(oldest);
  }
  return made;
}

function keptLength(): number {
  const kept = [...written.values()].flatMap((documents) => [...documents.values()]);
  return kept.reduce((sum, { text }) => sum + text.length, 0);
}

function dropOldest<Key>(kept: Map<Key, unknown>, limit: number): void {
  const [oldest] = kept.keys();
  if (kept.size > limit && oldest !== undefined) kept.delete(oldest);
}

type Described = Pick<RestExchange, "config" | "compat"> &
  Readonly<{
    backend: BackendName | undefined;
    description: ServerDescription;
    statuses: readonly BackendStatus[];
    tools: readonly VisibleTool[];
  }>;

function createDocument(described: Described): JsonObject {
  const { config, compat, backend, description, tools, statuses } = described;
  const isWhole = backend === undefined;
  const shown = tools.filter((tool) => isAddressable(tool) && (isWhole || tool.backend !== HOUSE));
  const shared = sharedSchemas(compat);
  const components = new Set(Object.keys(shared));
  const naming = { isWhole, compat, taken: new Set<string>() };
  const rooms = new Map(shown.map((tool) => [tool.backend, { left: MAX_REFERRED }]));
  const operations = shown.map((tool) => {
    const room = rooms.get(tool.backend) ?? { left: 0 };
    return {
      path: pathOf(tool, isWhole),
      ...toolOperation(tool, { naming, components, room }),
    };
  });
  const lists = isWhole || compat ? {} : listPaths(description.capabilities);
  const { security, securitySchemes } = SECURITY;
  return {
    openapi: "3.1.0",
    info: isWhole
      ? wholeInfo(config, statuses, compat)
      : backendInfo(description, backend, { config, compat }),
    servers: [{ url: serverUrl(config, backend) }],
    security,
    ...(isWhole ? { tags: tagsOf(shown) } : {}),
    paths: {
      ...lists,
      ...Object.fromEntries(
        operations.map(({ path, operation }) => [
          path,
          { ...itemAt(lists, path), post: operation },
        ]),
      ),
    },
    components: {
      schemas: {
        ...shared,
        ...Object.fromEntries(operations.flatMap(({ components: own }) => own)),
      },
      securitySchemes,
    },
  };
}

/** No URL has a `.` or `..` for a part, and none has half a character. */
function isAddressable({ ownName }: VisibleTool): boolean {
  return ownName !== "." && ownName !== ".." && ownName.isWellFormed();
}

function pathOf({ backend, ownName }: VisibleTool, isWhole: boolean): string {
  return `${isWhole ? `/${backend}` : ""}/${encodeURIComponent(ownName)}`;
}

/** A tool may be called like a list: the one is posted to, the other is read. */
function itemAt(lists: JsonObject, path: string): JsonObject {
  const item = Object.hasOwn(lists, path) ? lists[path] : undefined;
  return isJsonObject(item) ? item : {};
}

/** Without a slash at the end, which the paths begin with. */
function serverUrl(
  { rootPath, pathPrefix }: RestExchange["config"],
  backend: BackendName | undefined,
): string {
  const url = `${rootPath}${pathPrefix}${backend ?? ""}`;
  return url === "/" ? url : url.replace(/\/$/, "");
}

function tagsOf(tools: readonly VisibleTool[]): readonly JsonObject[] {
  return [...new Set(tools.map(({ backend }) => backend))].map((name) => ({ name }));
}
