import type { Caller } from "../auth/caller.ts";
import type { CallContext, Gateway, Scope, VisibleTool } from "../gateway/gateway.ts";

/** The backend whose tools are the language models themselves. */
const MODELS_AS_TOOLS = "builtin llm";

/** What a model may use of what the caller sees: everything but the models, which would call themselves. */
export async function usableTools(
  gateway: Gateway,
  caller: Caller,
  scope: Scope,
  context: CallContext,
): Promise<readonly VisibleTool[]> {
  const [tools, backends] = await Promise.all([
    gateway.tools(caller, scope, context),
    gateway.status(caller, context),
  ]);
  const left = new Set<string>(
    backends.flatMap(({ name, transport }) => (transport === MODELS_AS_TOOLS ? [name] : [])),
  );
  return left.size === 0 ? tools : tools.filter(({ backend }) => !left.has(backend));
}
