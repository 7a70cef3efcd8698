import { visitorCaller } from "../auth/visitor-caller.ts";
import type { Visitor } from "../auth/web-session.ts";
import type { ListedTool } from "../catalog/listing.ts";
import type { SnapshotSource } from "../config/snapshot.ts";
import { isJsonObject } from "../core/json.ts";
import { ALL, type Gateway, type RequestContext } from "../gateway/gateway.ts";

/** A page with more ticks than this is read by nobody; patterns reach the rest. */
const MAX_TOOLS = 1_500;

export type ScopeChoice = Readonly<{
  backend: string;
  /** Own names, sorted. */
  tools: readonly Readonly<{ name: string; readOnly: boolean }>[];
  /** Tools that are there and not in the list. */
  more: number;
}>;

/** What a visitor may hand on to a key or a client: the backends they see, with their tools. */
export async function findScopeChoices(
  { gateway, snapshots }: Readonly<{ gateway: Gateway; snapshots: SnapshotSource }>,
  visitor: Pick<Visitor, "userId">,
  context: RequestContext,
): Promise<readonly ScopeChoice[]> {
  const caller = await visitorCaller(visitor, await snapshots.current(context));
  const [backends, tools] = await Promise.all([
    gateway.status(caller, context),
    gateway.tools(caller, ALL, context),
  ]);
  let left = MAX_TOOLS;
  return backends.map(({ name }) => {
    const own = tools.filter(({ backend }) => backend === name);
    const shown = own.slice(0, left);
    left -= shown.length;
    return {
      backend: name,
      tools: shown
        .map(({ ownName, tool }) => ({
          name: ownName,
          readOnly: isReadOnly(tool),
        }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      more: own.length - shown.length,
    };
  });
}

function isReadOnly({ annotations }: ListedTool): boolean {
  return isJsonObject(annotations) && annotations["readOnlyHint"] === true;
}
