import type { ChosenAccount } from "../auth/chosen-account.ts";
import type { OpenapiConfig } from "../config/openapi-config.ts";
import type { BackendName } from "../core/ids.ts";
import { HOUSE } from "../gateway/house-tool.ts";

/** The backends that may be named in a path, by our name and by the one in the file. */
export type RestNames = ReadonlyMap<string, BackendName>;

/** Where the gateway's own tools are, and the tools of one backend. */
export type ToolHome = BackendName | typeof HOUSE;

/** The tool that is called at a path. */
export type ToolPlace = Readonly<{ home: ToolHome; name: string }>;

/** What is read at a path. `backend` undefined: of all backends. */
export type RestPage =
  | Readonly<{ kind: WholePage; backend: BackendName | undefined }>
  | Readonly<{ kind: "resources"; backend: BackendName; uri: string | undefined }>
  | Readonly<{ kind: "prompts"; backend: BackendName; name: string | undefined }>;

type WholePage = "home" | "docs" | "document" | "features" | "system";

/**
 * What a path names, before anybody has looked whether it is there and the caller may see it. A
 * path may name both: a tool that is called like a page is reached by POST.
 */
export type RestPlace = Readonly<{
  page: RestPage | undefined;
  tool: ToolPlace | undefined;
  /** Of the caller's accounts at the backend, where the path names one. */
  account?: ChosenAccount;
}>;

export type RestPaths = Pick<OpenapiConfig, "pathPrefix" | "rootPath" | "root">;

/**
 * Reads the path of a URL as it came, still encoded. A slash at the end means nothing: clients add
 * and lose it, and a redirect would lose the body (Open WebUI follows none). The backend and what
 * is below it are decoded once and apart, so that no name can reach over to another backend.
 */
export function readRestPath(
  path: string,
  { config, names }: Readonly<{ config: RestPaths; names: RestNames }>,
): RestPlace {
  const { root } = config;
  const inner = belowRootPath(path, config.rootPath);
  const top = inner.slice(1);
  const rest = belowPrefix(inner, config.pathPrefix);
  if (rest === undefined) return { page: readPage(top, root), tool: undefined };
  const slash = rest.indexOf("/");
  const first = decoded(slash === -1 ? rest : rest.slice(0, slash));
  const below = slash === -1 ? "" : rest.slice(slash + 1);
  const known = first === undefined ? undefined : homeOf(first, names);
  const account = first === undefined || known !== undefined ? undefined : accountOf(first, names);
  const home = known ?? account?.backend;
  return {
    ...(account === undefined ? {} : { account }),
    page:
      readPage(top, root) ??
      (rest === top ? undefined : readPage(rest, root)) ??
      (home === undefined ? undefined : readPageBelow(home, below)) ??
      (root === undefined ? undefined : readPageBelow(root, rest)),
    tool:
      (home === undefined ? undefined : readTool(home, below)) ??
      (root === undefined ? undefined : readTool(root, rest)),
  };
}

/** A proxy in front may take the root path away, or leave it there. */
function belowRootPath(path: string, rootPath: string): string {
  if (rootPath === "" || !path.startsWith(rootPath)) return path;
  if (path.length === rootPath.length) return "/";
  return path[rootPath.length] === "/" ? path.slice(rootPath.length) : path;
}

function belowPrefix(path: string, prefix: string): string | undefined {
  if (path.startsWith(prefix)) return path.slice(prefix.length);
  return path.length === prefix.length - 1 && prefix.startsWith(path) ? "" : undefined;
}

/** What is read, not called; `redoc` is where people of mcpo look too. */
const PAGES: ReadonlyMap<string, WholePage> = new Map([
  ["", "home"],
  ["docs", "docs"],
  ["redoc", "docs"],
  ["openapi.json", "document"],
  ["api/config", "features"],
  ["system", "system"],
]);

function readPage(path: string, backend: BackendName | undefined): RestPage | undefined {
  const kind = PAGES.get(withoutSlash(path));
  return kind === undefined ? undefined : { kind, backend };
}

/** `{backend}:{account}`, where no backend is called so. */
function accountOf(first: string, names: RestNames): ChosenAccount | undefined {
  const [, place = "", name = ""] = /^(.+):([a-z][a-z0-9-]{0,30})$/.exec(first) ?? [];
  const backend = names.get(place);
  return backend === undefined ? undefined : { backend, name };
}

function homeOf(first: string, names: RestNames): ToolHome | undefined {
  return first === HOUSE ? HOUSE : names.get(first);
}

/** Beside the gateway's own tools is what is said of all backends, whatever is at the root. */
function readPageBelow(home: ToolHome, below: string): RestPage | undefined {
  if (home === HOUSE) return readPage(below, undefined);
  return readPage(below, home) ?? readListed(home, below);
}

function readListed(backend: BackendName, below: string): RestPage | undefined {
  const slash = below.indexOf("/");
  const list = slash === -1 ? below : below.slice(0, slash);
  const one = slash === -1 ? "" : below.slice(slash + 1);
  if (list !== "resources" && list !== "prompts") return undefined;
  if (one === "") {
    return list === "resources"
      ? { kind: list, backend, uri: undefined }
      : { kind: list, backend, name: undefined };
  }
  const named = list === "resources" ? readUri(one) : decoded(withoutSlash(one));
  if (named === undefined) return undefined;
  return list === "resources"
    ? { kind: list, backend, uri: named }
    : { kind: list, backend, name: named };
}

/** A URI that is written as it is, `scheme://…`, has no encoding but its own. */
function readUri(text: string): string | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : decoded(text);
}

function readTool(home: ToolHome, below: string): ToolPlace | undefined {
  const name = decoded(withoutSlash(below));
  return name === undefined || name === "" ? undefined : { home, name };
}

function withoutSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

/** Undefined for what is no percent-encoding: such a name was never listed. */
function decoded(part: string): string | undefined {
  if (!part.includes("%")) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
