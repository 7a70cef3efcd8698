import type { Caller } from "../auth/caller.ts";
import { GATEWAY_MODEL, mayUse, RAW_PREFIX } from "../chat/choose-model.ts";
import type { BackendStatus } from "../gateway/gateway.ts";
import type { ListedModel, LlmOverview } from "../llm/language-models.ts";

/** OpenAI's shape; Open WebUI shows `name`. A `pipeline` key would make it call filters we lack. */
export type Model = Readonly<{
  id: string;
  object: "model";
  created: number;
  owned_by: string;
  name: string;
  description: string;
}>;

/** The shape demands a time of creation; a constant one keeps lists equal between isolates. */
const CREATED = Date.UTC(2026, 0, 1) / 1000;
const OWNER = "mcp-edge-gateway";

export type ModelsToList = Readonly<{
  backends: readonly Pick<BackendStatus, "name">[];
  overview: LlmOverview;
  /** Of the providers. */
  listed: readonly ListedModel[];
}>;

/**
 * One model for everything and one per backend, the aliases, then each model of a provider with the
 * tools and, as `raw/…`, without; nothing is asked of a backend.
 */
export function modelsOf(
  { backends, overview, listed }: ModelsToList,
  caller: Pick<Caller, "models"> = {},
): readonly Model[] {
  const behind = overview.defaultModel?.id;
  const known = new Map(listed.map((model) => [model.id, model]));
  return [
    ...gatewayModels(backends, behind),
    ...Object.entries(overview.aliases)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([alias, target]) => ({
        ...toModel(alias, alias, `Another name of "${target}"`),
        created: known.get(target)?.created ?? CREATED,
      })),
    ...listed.map((model) => ofProvider(model, model.id, model.name)),
    ...listed.map((model) => ofProvider(model, `${RAW_PREFIX}${model.id}`, `${model.name} (raw)`)),
  ].filter(({ id }) => mayUse(caller, namesOf(id, overview, behind)));
}

function gatewayModels(
  backends: readonly Pick<BackendStatus, "name">[],
  behind: string | undefined,
): readonly Model[] {
  const by = behind === undefined ? "Runs" : `"${behind}" with`;
  return [
    toModel(GATEWAY_MODEL, "MCP Gateway", `${by} the tools of every MCP server behind the gateway`),
    ...backends
      .map(({ name }) => name)
      .toSorted()
      .map((name) =>
        toModel(
          `${GATEWAY_MODEL}/${name}`,
          `MCP Gateway: ${name}`,
          `${by} the tools of the MCP server "${name}"`,
        ),
      ),
  ];
}

/** The id, and that of the provider's model behind it: a key may name either. */
function namesOf(
  id: string,
  { aliases }: LlmOverview,
  behind: string | undefined,
): readonly string[] {
  const isGateways = id === GATEWAY_MODEL || id.startsWith(`${GATEWAY_MODEL}/`);
  const target = isGateways ? behind : (aliases[id] ?? withoutPrefix(id));
  return target === undefined ? [id] : [id, target];
}

function withoutPrefix(id: string): string {
  return id.startsWith(RAW_PREFIX) ? id.slice(RAW_PREFIX.length) : id;
}

function ofProvider(model: ListedModel, id: string, name: string): Model {
  return {
    id,
    object: "model",
    created: model.created ?? CREATED,
    owned_by: model.ownedBy ?? model.provider,
    name,
    description: id.startsWith(RAW_PREFIX)
      ? `"${model.id}" without the tools of the gateway`
      : `"${model.id}" with the tools of the gateway`,
  };
}

function toModel(id: string, name: string, description: string): Model {
  return { id, object: "model", created: CREATED, owned_by: OWNER, name, description };
}
