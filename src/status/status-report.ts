import type { Caller } from "../auth/caller.ts";
import { GATEWAY_INFO } from "../core/gateway-info.ts";
import { isJsonObject } from "../core/json.ts";
import { ALL, type BackendStatus, type CallContext, type Gateway } from "../gateway/gateway.ts";
import type { LanguageModels } from "../llm/language-models.ts";
import { clientLimitWarnings } from "./client-limits.ts";
import { documentWarnings } from "./document-warnings.ts";
import { describeLimit } from "./describe-limit.ts";
import { duplicatedUriWarnings, type OfferedUris } from "./duplicated-uris.ts";
import { measureToolList, type ToolListSize } from "./tool-list-size.ts";

export type StatusReport = Readonly<{
  version: string;
  backends: readonly Record<string, unknown>[];
  /** The model behind `mcp-gateway`, and the providers with what is wrong with their lists. */
  languageModels: Readonly<{
    default: string | null;
    providers: readonly Readonly<{ name: string; profile: string; problem: string | null }>[];
  }>;
  /** How much of a model's context the tools take, listed and searched for. */
  toolList: ToolListSize;
  /** The caller's own, by whose calls they count. */
  limits: readonly Record<string, unknown>[];
  warnings: readonly string[];
}>;

/** How every backend the caller may know of is, and what its clients will stumble over. */
export async function reportStatus(
  { gateway, llm }: Readonly<{ gateway: Gateway; llm: LanguageModels }>,
  caller: Caller,
  context: CallContext,
): Promise<StatusReport> {
  const [backends, tools, languageModels, toolList, limits] = await Promise.all([
    gateway.status(caller, context),
    gateway.tools(caller, ALL, context),
    reportModels(llm, context),
    measureToolList(gateway, caller, context),
    gateway.limits(caller),
  ]);
  const offered = await Promise.all(
    backends
      .filter(({ counts }) => counts.resources > 0)
      .map((backend) => offeredUris(backend, gateway, caller, context)),
  );
  return {
    version: GATEWAY_INFO.version,
    backends: backends.map(toEntry),
    languageModels,
    toolList,
    limits: limits.map(describeLimit),
    warnings: [
      ...clientLimitWarnings(tools),
      ...documentWarnings(tools),
      ...duplicatedUriWarnings(offered),
    ],
  };
}

async function reportModels(
  llm: LanguageModels,
  context: CallContext,
): Promise<StatusReport["languageModels"]> {
  const [{ providers, defaultModel }, troubles] = await Promise.all([
    llm.overview(context),
    llm.troubles(context),
  ]);
  const problems = new Map(troubles.map(({ provider, problem }) => [provider, problem]));
  return {
    default: defaultModel?.id ?? null,
    providers: providers.map(({ name, profile }) => ({
      name,
      profile,
      problem: problems.get(name) ?? null,
    })),
  };
}

async function offeredUris(
  { name }: BackendStatus,
  gateway: Gateway,
  caller: Caller,
  context: CallContext,
): Promise<OfferedUris> {
  const text = await gateway.listText(caller, { kind: "one", backend: name }, "resources", context);
  const resources: unknown = JSON.parse(text);
  const uris = Array.isArray(resources)
    ? resources.flatMap((resource: unknown) =>
        isJsonObject(resource) && typeof resource["uri"] === "string" ? [resource["uri"]] : [],
      )
    : [];
  return { backend: name, uris };
}

/** Every key is there, null where nothing is known: scripts need not tell absent from unknown. */
function toEntry(status: BackendStatus): Record<string, unknown> {
  return {
    name: status.name,
    state: status.state,
    transport: status.transport,
    address: status.address ?? null,
    era: status.era ?? null,
    protocolVersion: status.protocolVersion ?? null,
    counts: status.counts,
    toolCount: status.counts.tools,
    lastError: status.lastError ?? null,
    lastSeen: status.lastSeen === undefined ? null : new Date(status.lastSeen).toISOString(),
    server: status.server ?? null,
    connector: connectorOf(status),
    // One process for all callers, where a connector brings it.
    session: status.session,
    credentials: status.credentials ?? "shared",
    login: status.login ?? null,
    latencyMs: status.latencyMs ?? null,
    warnings: status.warnings,
  };
}

/** Who brings a local server, while it is there. */
function connectorOf({ connector }: BackendStatus): Record<string, unknown> | null {
  if (connector === undefined) return null;
  const { since, instance, version, command } = connector;
  return {
    connectedSince: new Date(since).toISOString(),
    instance,
    version: version ?? null,
    command: command ?? null,
  };
}
