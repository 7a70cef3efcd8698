import type { BackendName } from "../core/ids.ts";
import { configProblem } from "./config-problem.ts";

/** Route words of ours: a backend of that name would stand in their way at `/{backend}/…`. */
const RESERVED: ReadonlySet<string> = new Set([
  "mcp",
  "v1",
  "docs",
  "redoc",
  "oauth",
  "authorize",
  "token",
  "register",
  "revoke",
  "connect",
  "admin",
  "health",
  "status",
  "metrics",
  "openapi",
  "api",
]);

const PATTERN = /^[a-z][a-z0-9-]{0,30}$/;

/** Throws `config_invalid` naming the entry. */
export function parseBackendName(name: string): BackendName {
  const path = `mcpServers[${JSON.stringify(name.slice(0, 40))}]`;
  if (RESERVED.has(name)) {
    throw configProblem(path, name, `another name: /${name} is a route of the gateway`);
  }
  if (!PATTERN.test(name)) {
    const hint = suggest(name);
    throw configProblem(
      path,
      name,
      `a name of a-z, 0-9 and "-" that begins with a letter, at most 31 characters${hint}`,
    );
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- matched just above
  return name as BackendName;
}

function suggest(name: string): string {
  const close = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[^a-z]+|-+$/g, "")
    .slice(0, 31);
  return PATTERN.test(close) && !RESERVED.has(close) ? `, for example "${close}"` : "";
}
