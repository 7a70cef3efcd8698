import type { OpenapiConfig } from "../config/openapi-config.ts";
import { GATEWAY_INFO } from "../core/gateway-info.ts";
import type { BackendName } from "../core/ids.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { BackendStatus, ServerDescription } from "../gateway/gateway.ts";

/** Of the document of one backend, which introduces itself, unless it is all that is served. */
export function backendInfo(
  { serverInfo, instructions }: ServerDescription,
  backend: BackendName,
  { config, compat }: Readonly<{ config: OpenapiConfig; compat: boolean }>,
): JsonObject {
  const { name, title, version } = serverInfo;
  const ownName = textOr(name, backend);
  // mcpo lets the server have the last word here.
  const said = config.root === backend && !compat ? config : undefined;
  return {
    title: said?.title ?? (compat ? ownName : textOr(title, ownName)),
    description: said?.description ?? instructions ?? `${ownName} MCP Server`,
    version: said?.version ?? textOr(version, "1.0"),
  };
}

/** Of the document of all, which says where those of the backends are. */
export function wholeInfo(
  config: OpenapiConfig,
  statuses: readonly BackendStatus[],
  compat: boolean,
): JsonObject {
  const { title, description = DESCRIPTION, version } = config;
  const lines = statuses.map(({ name, state }) => {
    const link = `[${name}](${config.rootPath}${config.pathPrefix}${name}/docs)`;
    return compat ? `    - ${link}` : `- ${link}: ${state}`;
  });
  const head = compat ? ["- **available tools**:"] : [];
  return {
    title: title ?? GATEWAY_INFO.title,
    description: [description, "", ...head, ...lines].join("\n").trimEnd(),
    version: version ?? GATEWAY_INFO.version,
  };
}

const DESCRIPTION = "The tools of every backend.";

function textOr(value: JsonValue | undefined, other: string): string {
  return typeof value === "string" && value !== "" ? value : other;
}
