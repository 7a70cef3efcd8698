import type { SnapshotData } from "../config/registry.ts";
import { compileAccess } from "./access.ts";
import type { Caller } from "./caller.ts";
import { visitorCaller } from "./visitor-caller.ts";
import type { Visitor } from "./web-session.ts";

/** The names of the backends a client could use in somebody's name, sorted; no other is told of. */
export async function usableBackends(
  visitor: Pick<Visitor, "userId">,
  snapshot: Pick<SnapshotData, "config" | "users">,
  client?: Caller["client"],
): Promise<readonly string[]> {
  const { access } = await visitorCaller(visitor, snapshot, client);
  const permits = compileAccess(access);
  return snapshot.config.backends
    .map(({ name }) => name)
    .filter((name) => permits(name))
    .toSorted();
}
