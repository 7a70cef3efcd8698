import { nameEntries } from "../config/backend-name.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";

/** An entry of the stored document, switched off or not. */
export type WrittenEntry = Readonly<{
  /** What it is called here. */
  name: string;
  /** As the document has it, where other programs may have named it. */
  written: string;
  entry: JsonObject;
  isEnabled: boolean;
}>;

/** The entries of a document, sorted by name. */
export function entriesOf(document: JsonObject): readonly WrittenEntry[] {
  const key = partOf(document);
  const part = document[key];
  if (!isJsonObject(part)) return [];
  return [...nameEntries(key, Object.keys(part))]
    .flatMap(([written, { name }]) => {
      const entry = part[written];
      if (!isJsonObject(entry)) return [];
      const isEnabled = entry["enabled"] !== false && entry["disabled"] !== true;
      return [{ name, written, entry, isEnabled }];
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** With these entries in it; those of the same name are replaced where they stand. */
export function withEntries(
  document: JsonObject,
  added: ReadonlyMap<string, JsonObject>,
): JsonObject {
  const key = partOf(document);
  const known = new Map(entriesOf(document).map(({ name, written }) => [name, written]));
  const part = new Map(Object.entries(readPart(document)));
  for (const [name, entry] of added) part.set(known.get(name) ?? name, entry);
  return { ...document, [key]: Object.fromEntries(part) };
}

export function withoutEntry(document: JsonObject, { written }: WrittenEntry): JsonObject {
  const kept = Object.entries(readPart(document)).filter(([name]) => name !== written);
  return { ...document, [partOf(document)]: Object.fromEntries(kept) };
}

export function switchEntry({ entry }: WrittenEntry, isOn: boolean): JsonObject {
  const { enabled: _enabled, disabled: _disabled, ...rest } = entry;
  return isOn ? rest : { ...rest, enabled: false };
}

/** Own names of the tools that are switched off. */
export function withDisabledTools({ entry }: WrittenEntry, names: readonly string[]): JsonObject {
  const { disabledTools: _names, disabled_tools: _others, ...rest } = entry;
  return names.length === 0 ? rest : { ...rest, disabledTools: names };
}

/** Whether everybody has their own view of it, so that what it offers is nobody's alone to say. */
export function isPersonalEntry({ entry }: Pick<WrittenEntry, "entry">): boolean {
  return entry["credentials"] === "per-user";
}

export function disabledToolsOf({ entry }: WrittenEntry): readonly string[] {
  const names = entry["disabledTools"] ?? entry["disabled_tools"];
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}

function readPart(document: JsonObject): JsonObject {
  const part = document[partOf(document)];
  return isJsonObject(part) ? part : {};
}

/** VS Code's mcp.json calls the same thing "servers". */
function partOf(document: JsonObject): "mcpServers" | "servers" {
  const isOther = document["mcpServers"] === undefined && document["servers"] !== undefined;
  return isOther ? "servers" : "mcpServers";
}
