import type { OpenapiConfig } from "../config/openapi-config.ts";
import type { BackendName } from "../core/ids.ts";
import { HOUSE } from "../gateway/house-tool.ts";

/** The backends that may be named in a path, by our name and by the one in the file. */
export type RestNames = ReadonlyMap<string, BackendName>;

/** Where the gateway's own tools are, and the tools of one backend. */
export type ToolHome = BackendName | typeof HOUSE;

/**
 * What a path names, before anybody has looked whether the caller may see it. `backend` undefined
 * is the document over all.
 */
export type RestPlace =
  | Readonly<{ kind: "document" | "docs"; backend: BackendName | undefined }>
  | Readonly<{ kind: "features" | "system"; backend: BackendName | undefined }>
  | Readonly<{ kind: "resources"; backend: BackendName; uri: string | undefined }>
  | Readonly<{ kind: "prompts"; backend: BackendName; name: string | undefined }>
  | Readonly<{ kind: "tool"; home: ToolHome; name: string }>;

export type RestPaths = Pick<OpenapiConfig, "pathPrefix" | "rootPath" | "root">;

/**
 * Reads the path of a URL as it came, still encoded. A slash at the end means nothing: clients add
 * and lose it, and a redirect would lose the body (Open WebUI follows none). `isPost` decides where
 * a tool is called like a page. Each part is decoded once, so no part can become two.
 */
export function readRestPath(
  path: string,
  { config, names, isPost }: Readonly<{ config: RestPaths; names: RestNames; isPost: boolean }>,
): RestPlace | undefined {
  const inner = path.startsWith(`${config.rootPath}/`) ? path.slice(config.rootPath.length) : path;
  const atRoot = readRoot(inner.slice(1), isPost);
  if (atRoot !== undefined) return atRoot;
  if (!inner.startsWith(config.pathPrefix)) return undefined;
  const rest = inner.slice(config.pathPrefix.length);
  const underPrefix = readRoot(rest, isPost);
  if (underPrefix !== undefined) return underPrefix;
  const slash = rest.indexOf("/");
  const first = decoded(slash === -1 ? rest : rest.slice(0, slash));
  const below = slash === -1 ? "" : rest.slice(slash + 1);
  const home = first === undefined ? undefined : homeOf(first, names);
  if (home !== undefined && !(isPost && below === "")) return readBelow(home, below, isPost);
  if (config.root === undefined) return undefined;
  return readBelow(config.root, rest, isPost);
}

function readRoot(path: string, isPost: boolean): RestPlace | undefined {
  const kind = isPost ? undefined : PAGES.get(withoutSlash(path));
  return kind === undefined ? undefined : { kind, backend: undefined };
}

/** What is read, not called; `redoc` is where people of mcpo look too. */
const PAGES: ReadonlyMap<string, "document" | "docs" | "features" | "system"> = new Map([
  ["", "docs"],
  ["docs", "docs"],
  ["redoc", "docs"],
  ["openapi.json", "document"],
  ["api/config", "features"],
  ["system", "system"],
]);

function homeOf(first: string, names: RestNames): ToolHome | undefined {
  return first === HOUSE ? HOUSE : names.get(first);
}

function readBelow(home: ToolHome, below: string, isPost: boolean): RestPlace | undefined {
  if (home !== HOUSE) {
    const kind = isPost ? undefined : PAGES.get(withoutSlash(below));
    if (kind !== undefined) return { kind, backend: home };
    const listed = isPost ? undefined : readListed(home, below);
    if (listed !== undefined) return listed;
  }
  const name = decoded(withoutSlash(below));
  return name === undefined || name === "" ? undefined : { kind: "tool", home, name };
}

function readListed(backend: BackendName, below: string): RestPlace | undefined {
  const slash = below.indexOf("/");
  const list = slash === -1 ? below : below.slice(0, slash);
  const one = slash === -1 ? "" : below.slice(slash + 1);
  if (list === "resources") {
    return { kind: "resources", backend, uri: one === "" ? undefined : decoded(one) };
  }
  if (list === "prompts") {
    return { kind: "prompts", backend, name: one === "" ? undefined : decoded(withoutSlash(one)) };
  }
  return undefined;
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
