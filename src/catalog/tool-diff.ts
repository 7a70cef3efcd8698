import { indentJson } from "../core/indent-json.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { showInvisible } from "./invisible-text.ts";
import type { ListedTool } from "./listing.ts";
import { diffTexts, type TextPart } from "./text-diff.ts";
import { canonicalTool } from "./tool-hash.ts";

/** One thing in a definition that is not as it was; every text with what is not seen made visible. */
export type ToolChange = Readonly<{
  /** Where, like `inputSchema.properties.to.description`. */
  path: string;
  kind: "added" | "removed" | "changed";
  /** Texts word by word, anything else as JSON before and after. */
  parts: readonly TextPart[];
}>;

export type ToolDiff = Readonly<{
  changes: readonly ToolChange[];
  /** How many more there are. */
  more: number;
}>;

/** More is another tool, and nobody reads it to the end. */
const MAX_CHANGES = 200;
/** Of one part that is new or gone: what is served of a description is no longer. */
const MAX_PART = 16_384;
/** Of what is the same around it. */
const MAX_SAME = 400;

/**
 * What a tool says now and did not say when it was approved; all of it, for a tool that never was.
 * Differences that its hash does not see are none.
 */
export function diffTools(approved: ListedTool | undefined, now: ListedTool): ToolDiff {
  const changes: ToolChange[] = [];
  let more = 0;
  for (const show of changesIn(approved ?? {}, now, "")) {
    if (changes.length < MAX_CHANGES) changes.push(show());
    else more += 1;
  }
  return { changes, more };
}

function* changesIn(
  before: JsonObject,
  after: JsonObject,
  path: string,
): Generator<() => ToolChange> {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const was = Object.hasOwn(before, key) ? before[key] : undefined;
    const is = Object.hasOwn(after, key) ? after[key] : undefined;
    const where = pathTo(path, key);
    if (was === undefined && is === undefined) continue;
    if (isJsonObject(was) && isJsonObject(is)) yield* changesIn(was, is, where);
    else if (was === undefined || is === undefined) yield () => onlyOnce(where, was, is);
    else if (!isSame(was, is)) yield () => changed(where, was, is);
  }
}

function onlyOnce(path: string, was: JsonValue | undefined, is: JsonValue | undefined): ToolChange {
  return is === undefined
    ? { path, kind: "removed", parts: [cut({ kind: "gone", text: shown(was ?? null) })] }
    : { path, kind: "added", parts: [cut({ kind: "new", text: shown(is) })] };
}

function changed(path: string, was: JsonValue, is: JsonValue): ToolChange {
  return { path, kind: "changed", parts: diffTexts(shown(was), shown(is)).map(cut) };
}

function isSame(was: JsonValue, is: JsonValue): boolean {
  return canonicalTool({ value: was }) === canonicalTool({ value: is });
}

function shown(value: JsonValue): string {
  return showInvisible(typeof value === "string" ? value : indentJson(JSON.stringify(value)));
}

function cut({ kind, text }: TextPart): TextPart {
  const max = kind === "same" ? MAX_SAME : MAX_PART;
  if (text.length <= max) return { kind, text };
  const left = text.slice(0, max / 2);
  const right = text.slice(-max / 2);
  const between = `⟦${text.length - max} characters more⟧`;
  return { kind, text: left + between + right };
}

/** Of one name in a path; a schema is nested no deeper than a listing lets it be. */
const MAX_KEY = 100;

function pathTo(path: string, key: string): string {
  const name = key.length > MAX_KEY ? `${key.slice(0, MAX_KEY)}…` : key;
  return `${path === "" ? "" : `${path}.`}${showInvisible(name)}`;
}
