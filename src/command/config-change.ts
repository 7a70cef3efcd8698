import { parseDocumentText } from "../config/config-document.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";

/** `added wave, changed erp, removed nas`: what an edit did, by backend; undefined when nothing. */
export function describeConfigChange(before: string, after: string): string | undefined {
  const [old, fresh] = [readDocument(before), readDocument(after)];
  const [was, is] = [backendsOf(old), backendsOf(fresh)];
  const added = Object.keys(is).filter((name) => was[name] === undefined);
  const removed = Object.keys(was).filter((name) => is[name] === undefined);
  const changed = Object.keys(is).filter(
    (name) => was[name] !== undefined && !same(was[name], is[name]),
  );
  const otherParts = [...new Set([...Object.keys(old), ...Object.keys(fresh)])].filter(
    (key) => !isBackendsKey(key) && !same(old[key], fresh[key]),
  );
  const parts = [
    list("added", added),
    list("changed", [...changed, ...otherParts]),
    list("removed", removed),
  ].filter((part) => part !== "");
  return parts.length === 0 ? undefined : parts.join(", ");
}

/** A text that is no document has no backends: the gateway has refused it, or will. */
function readDocument(text: string): JsonObject {
  try {
    return parseDocumentText(text);
  } catch {
    return {};
  }
}

/** VS Code's file calls the same thing "servers". */
function isBackendsKey(key: string): boolean {
  return key === "mcpServers" || key === "servers";
}

function backendsOf(document: JsonObject): JsonObject {
  const backends = document["mcpServers"] ?? document["servers"];
  return isJsonObject(backends) ? backends : {};
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function list(verb: string, names: readonly string[]): string {
  return names.length === 0 ? "" : `${verb} ${names.toSorted().join(", ")}`;
}
