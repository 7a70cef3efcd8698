import type { BackendStatus, Scope } from "../gateway/gateway.ts";
import { ALL } from "../gateway/gateway.ts";

/** The model that answers without a language model, over every tool the caller may use. */
export const GATEWAY_MODEL = "mcp-gateway";

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

/** One model for everything and one per backend; nothing is asked of a backend. */
export function modelsOf(backends: readonly Pick<BackendStatus, "name">[]): readonly Model[] {
  return [
    toModel(GATEWAY_MODEL, "MCP Gateway", "Runs the tools of every MCP server behind the gateway"),
    ...backends
      .map(({ name }) => name)
      .toSorted()
      .map((name) =>
        toModel(
          `${GATEWAY_MODEL}/${name}`,
          `MCP Gateway: ${name}`,
          `Runs the tools of the MCP server "${name}"`,
        ),
      ),
  ];
}

/** The part of the catalog a model answers for; undefined when there is no such model. */
export function findScope(
  model: string,
  backends: readonly Pick<BackendStatus, "name">[],
): Scope | undefined {
  if (model === GATEWAY_MODEL) return ALL;
  const backend = backends.find(({ name }) => model === `${GATEWAY_MODEL}/${name}`);
  return backend === undefined ? undefined : { kind: "one", backend: backend.name };
}

function toModel(id: string, name: string, description: string): Model {
  return { id, object: "model", created: CREATED, owned_by: "mcp-edge-gateway", name, description };
}
