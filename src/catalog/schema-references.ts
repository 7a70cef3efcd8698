import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

/**
 * What the references of one schema point to: a pointer, an anchor, or an address that a part of the
 * schema has given itself. What lies elsewhere is never fetched, and so is not found.
 */
export type SchemaReferences = Readonly<{
  /** `from` is the schema that refers, whose address a relative one is read against. */
  find: (reference: string, from?: JsonObject) => JsonValue | undefined;
}>;

/** The part of a schema that an address of its own was given to. */
type Resource = Readonly<{ address: string; root: JsonObject }>;

type Names = Readonly<{
  byAddress: ReadonlyMap<string, JsonObject>;
  /** Of everything outside the outermost resource. */
  homes: ReadonlyMap<JsonObject, Resource>;
  outermost: Resource;
}>;

export function createReferences(root: JsonObject): SchemaReferences {
  let names: Names | undefined;
  return {
    find(reference, from) {
      names ??= nameAll(root);
      const { byAddress, homes, outermost } = names;
      const home = (from === undefined ? undefined : homes.get(from)) ?? outermost;
      const hash = reference.indexOf("#");
      const address = hash === -1 ? reference : reference.slice(0, hash);
      const fragment = hash === -1 ? "" : reference.slice(hash + 1);
      const base = address === "" ? home.address : toAddress(address, home.address);
      const start = address === "" ? home.root : byAddress.get(base);
      if (start === undefined || fragment === "") return start;
      if (!fragment.startsWith("/")) return byAddress.get(`${base}#${decodePart(fragment)}`);
      // Many write `$id` without knowing that it moves where pointers begin.
      return lookUp(start, fragment) ?? (address === "" ? lookUp(root, fragment) : undefined);
    },
  };
}

/** Never looked up anywhere: it only lets relative addresses be compared. */
const NOWHERE = "schema://nowhere/";

/** With a list of its own: a schema may be nested deeper than the stack. */
function nameAll(root: JsonObject): Names {
  const byAddress = new Map<string, JsonObject>();
  const homes = new Map<JsonObject, Resource>();
  const outermost = resourceOf(root, { address: NOWHERE, root });
  const pending: [JsonValue, Resource][] = [[root, { address: NOWHERE, root }]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [value, around] = next;
    if (Array.isArray(value)) {
      for (const entry of value) if (isContainer(entry)) pending.push([entry, around]);
    }
    if (!isJsonObject(value)) continue;
    const resource = resourceOf(value, around);
    if (resource.root === value) byAddress.set(resource.address, value);
    if (resource.root !== root) homes.set(value, resource);
    for (const anchor of anchorsOf(value)) byAddress.set(`${resource.address}#${anchor}`, value);
    for (const child of Object.values(value)) {
      if (isContainer(child)) pending.push([child, resource]);
    }
  }
  return { byAddress, homes, outermost };
}

function isContainer(value: JsonValue | undefined): value is JsonObject | readonly JsonValue[] {
  return typeof value === "object" && value !== null;
}

function resourceOf(schema: JsonObject, around: Resource): Resource {
  const id = idOf(schema);
  if (id === undefined || id.startsWith("#")) return around;
  return { address: toAddress(id, around.address), root: schema };
}

/** `id` was the name of it until draft 4. */
function idOf({ $id, id }: JsonObject): string | undefined {
  return typeof $id === "string" ? $id : typeof id === "string" ? id : undefined;
}

function anchorsOf(schema: JsonObject): readonly string[] {
  const id = idOf(schema);
  return [
    schema["$anchor"],
    schema["$dynamicAnchor"],
    id?.startsWith("#") === true ? id.slice(1) : undefined,
  ].filter((anchor): anchor is string => typeof anchor === "string" && anchor !== "");
}

function toAddress(written: string, base: string): string {
  try {
    return new URL(written, base).href.replace(/#.*$/, "");
  } catch {
    return written; // compared as it stands
  }
}

function lookUp(root: JsonObject, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = root;
  for (const part of pointer.split("/").slice(1)) {
    const key = decodePart(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(value)) value = value[Number(key)];
    else if (isJsonObject(value) && Object.hasOwn(value, key)) value = value[key];
    else return undefined;
  }
  return value;
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a name with a stray percent sign is looked up as it stands
  }
}
