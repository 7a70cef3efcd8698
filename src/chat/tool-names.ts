import { shortHash } from "../catalog/exposed-name.ts";
import type { VisibleTool } from "../gateway/gateway.ts";

/** A tool under the name the model calls it by. */
export type NamedTool = Readonly<{ name: string; visible: VisibleTool }>;

const MAX_LENGTH = 64;
/** What every provider takes; Gemini wants a letter or `_` at the start. */
const SAFE_NAME = /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/;

/**
 * Each tool under the name its caller knows, where providers take it, else under its exposed name,
 * sorted by name. A name in `taken` belongs to somebody else, and ours yields: the client dispatches
 * on its own names, while ours are looked up. Only names decide, so a model meets the same ones in
 * every request with the same tools.
 */
export function nameTools(
  tools: readonly VisibleTool[],
  taken: ReadonlySet<string>,
): readonly NamedTool[] {
  const used = new Set(taken);
  const kept: NamedTool[] = [];
  const yielding: VisibleTool[] = [];
  for (const visible of tools.toSorted((a, b) => compareText(a.exposedName, b.exposedName))) {
    const name = wishOf(visible);
    if (used.has(name)) yielding.push(visible);
    else kept.push({ name, visible });
    used.add(name);
  }
  const renamed = yielding.map((visible) => {
    const name = freeName(wishOf(visible), used);
    used.add(name);
    return { name, visible };
  });
  return [...kept, ...renamed].toSorted((a, b) => compareText(a.name, b.name));
}

/** The name itself, else `{name}_gw`, else a shortened one with a hash. */
export function freeName(wish: string, used: ReadonlySet<string>): string {
  if (!used.has(wish)) return wish;
  const marked = `${wish}_gw`;
  if (marked.length <= MAX_LENGTH && !used.has(marked)) return marked;
  for (let round = 0; ; round += 1) {
    const hash = shortHash(round === 0 ? wish : `${wish} ${round}`);
    const name = `${wish.slice(0, MAX_LENGTH - hash.length - 1)}_${hash}`;
    if (!used.has(name)) return name;
  }
}

function wishOf({ name, exposedName }: VisibleTool): string {
  return SAFE_NAME.test(name) ? name : exposedName;
}

/** By code unit: the same order on every machine. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
