import type { Caller, ListMode } from "./caller.ts";

/** Known callers are the same objects for seconds, and their requests many. */
const made = new WeakMap<Caller, Map<ListMode, Caller>>();

/** The caller as one who lists in this mode, whatever its key says. */
export function listingIn(caller: Caller, mode: ListMode): Caller {
  if (caller.mode === mode) return caller;
  const known = made.get(caller) ?? new Map<ListMode, Caller>();
  made.set(caller, known);
  const other = known.get(mode) ?? { ...caller, mode, policyId: `${caller.policyId}+${mode}` };
  known.set(mode, other);
  return other;
}

/** The caller as one who lists everything. */
export function listingPlainly({ mode, policyId, ...caller }: Caller): Caller {
  const parts = policyId.split("+").filter((part) => part !== mode);
  return { ...caller, policyId: parts.join("+") };
}
