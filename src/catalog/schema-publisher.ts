import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { componentReference, escapedReference } from "./component-reference.ts";
import { completeSchema } from "./complete-schema.ts";
import { joinSchemas } from "./join-schemas.ts";
import { modernSchema } from "./modern-schema.ts";
import {
  COMPONENT_PLACE,
  NAMED,
  placeUnder,
  REFUSING,
  ROOT_PLACE,
  type SchemaPlace,
  WITH_FLAGS,
} from "./schema-places.ts";
import { createReferences } from "./schema-references.ts";

/** A schema taken over whole into a document with other schemas. */
export type PublishedSchema = Readonly<{
  /** Refers to nothing but components. */
  schema: JsonObject;
  components: readonly (readonly [name: string, schema: JsonObject])[];
  /** What of it could not be taken over. */
  warnings: readonly string[];
}>;

/** Names of components begin with `prefix` and are new among those `taken`, where they are added. */
export type ComponentNames = Readonly<{
  prefix: string;
  taken: Set<string>;
  /** What may still be written for references, by all who share it, in about characters. */
  room?: Room;
}>;

export type Room = { left: number };

/** `loose` accepts more than was meant. `size` is about the length of its text. */
type Made = Readonly<{ schema: JsonObject; size: number; loose: boolean }>;

/** A schema of about a dozen properties with their descriptions. */
const MAX_INLINED = 4_000;
/** Of one tool; where it ends, references stay references. */
const MAX_ALL_INLINED = 64_000;
/** The schema of the arguments is never one itself: no listed entry is larger than this. */
const MAX_ROOT_INLINED = 1024 * 1024;
/** Nothing real is nested like this; the bounds keep what is hostile off the stack. */
const MAX_DEPTH = 128;
const MAX_REFERENCES = 24;
/** What leads back to hundreds of places at once would otherwise be written that often. */
const MAX_COMPONENTS = 1024 * 1024;
const MAX_WARNINGS = 10;
const MAX_SHOWN = 100;
const MAX_NAME = 80;

const ANYTHING: Made = { schema: {}, size: 2, loose: false };
const NOTHING: Made = { schema: { not: {} }, size: 10, loose: false };

/**
 * References are replaced by what they point to, because readers of documents get them wrong: Open
 * WebUI knows `#/components/schemas` alone, follows references in `properties`, `items` and
 * alternatives only, may take the second use of one for nothing, and loses every server it has when
 * a reference leads back to itself. So:
 *
 * - what is small stands where it is used, and what is big is a component;
 * - a reference that leads back is escaped, so that Open WebUI stops there and nobody else;
 * - where Open WebUI does not look for references, nothing is left that a provider of models would
 *   refuse as pointing nowhere: what leads back there is its plain type.
 */
export function publishSchema(root: JsonObject, names: ComponentNames): PublishedSchema {
  const walk = createWalk(root, names);
  return { schema: walk.publish(root), components: walk.components(), warnings: walk.warnings() };
}

function createWalk(
  root: JsonObject,
  { prefix, taken, room = { left: Infinity } }: ComponentNames,
) {
  const references = createReferences(root);
  const warnings = new Set<string>();
  const made = { followed: new Map<JsonObject, Made>(), opaque: new Map<JsonObject, Made>() };
  const doing = new Set<JsonObject>();
  const names = new Map<JsonObject, string>();
  const inlined = { root: 0, inner: 0 };

  function warn(text: string): void {
    if (warnings.size < MAX_WARNINGS) warnings.add(text);
  }

  function publishAny(value: JsonValue | undefined, place: SchemaPlace): Made {
    if (value === false) return NOTHING;
    return isJsonObject(value) ? publishOnce(value, place) : ANYTHING;
  }

  function publishOnce(schema: JsonObject, place: SchemaPlace): Made {
    const held = made[place.kind].get(schema);
    if (held !== undefined) return held;
    if (place.depth >= MAX_DEPTH) {
      warn(`it is nested deeper than ${MAX_DEPTH} levels`);
      return stub(schema);
    }
    doing.add(schema);
    const published = publishNew(schema, place);
    doing.delete(schema);
    made[place.kind].set(schema, published);
    return published;
  }

  function publishNew(schema: JsonObject, outer: SchemaPlace): Made {
    const { schema: modern, lost } = modernSchema(schema);
    for (const key of lost) warn(`"${key}" is written in a way that means nothing`);
    const place = { ...outer, depth: outer.depth + 1, same: [...outer.same, schema] };
    const { $ref, ...rest } = modern;
    const beside = publishWords(rest, place);
    const target =
      typeof $ref === "string" ? publishReference({ $ref, from: schema }, place) : undefined;
    const loose = beside.loose || lost.length > 0 || target?.loose === true;
    if (target === undefined) return { ...beside, loose };
    const size = beside.size + target.size;
    return { schema: joinSchemas(target.schema, beside.schema), size, loose };
  }

  function publishReference(
    { $ref, from }: Readonly<{ $ref: string; from: JsonObject }>,
    place: SchemaPlace,
  ): Made {
    const target = references.find($ref, from);
    if (typeof target === "boolean") return publishAny(target, place);
    if (!isJsonObject(target) || place.same.includes(target)) {
      warn(`the reference "${$ref.slice(0, MAX_SHOWN)}" leads nowhere`);
      return { ...ANYTHING, loose: true };
    }
    if (doing.has(target) || place.references >= MAX_REFERENCES) {
      return refer(target, place.kind, () => escapedReference(nameOf(target, $ref)));
    }
    const body = publishOnce(target, { ...place, references: place.references + 1 });
    const budget = place.isRoot ? "root" : "inner";
    const isSmall = place.isRoot || body.size <= MAX_INLINED;
    const all = place.isRoot ? MAX_ROOT_INLINED : MAX_ALL_INLINED;
    if (!isSmall || inlined[budget] + body.size > all || body.size > room.left) {
      return refer(target, place.kind, () => componentReference(nameOf(target, $ref)));
    }
    inlined[budget] += body.size;
    room.left -= body.size;
    return body;
  }

  /** A schema without references of its own, and the schemas inside it in their places. */
  function publishWords(schema: JsonObject, place: SchemaPlace): Made {
    const sum = { size: 2, loose: false };
    const words = Object.entries(schema).flatMap(([key, value]): [string, JsonValue][] => {
      if (value === undefined) return [];
      const at = placeUnder(key, place);
      const word = at === undefined ? asItStands(value) : publishWord(key, value, at);
      sum.size += word.size + key.length + 4;
      sum.loose ||= word.loose;
      return word.loose && REFUSING.has(key) ? [] : [[key, word.value]];
    });
    const whole = Object.fromEntries(words);
    return { ...sum, schema: completeSchema(whole, { kind: place.kind, loose: sum.loose }) };
  }

  type Word = Readonly<{ value: JsonValue; size: number; loose: boolean }>;

  function publishWord(key: string, value: JsonValue, at: SchemaPlace): Word {
    if (WITH_FLAGS.get(key)?.includes(value) === true) return asItStands(value);
    if (!Array.isArray(value) && !NAMED.has(key)) {
      const { schema, ...rest } = publishAny(value, at);
      return { value: schema, ...rest };
    }
    const inside = Object.entries(value ?? {}).map(
      ([name, one]) => [name, publishAny(one, at)] as const,
    );
    return {
      value: Array.isArray(value)
        ? inside.map(([, { schema }]) => schema)
        : Object.fromEntries(inside.map(([name, { schema }]) => [name, schema])),
      size: inside.reduce((size, [name, one]) => size + name.length + one.size + 4, 2),
      loose: inside.some(([, { loose }]) => loose),
    };
  }

  function nameOf(target: JsonObject, reference: string): string {
    const held = names.get(target);
    if (held !== undefined) return held;
    const wanted = `${prefix}_${asName(reference)}`;
    let name = wanted;
    for (let count = 2; taken.has(name); count += 1) name = `${wanted}_${count}`;
    taken.add(name);
    names.set(target, name);
    return name;
  }

  return {
    publish: (schema: JsonObject): JsonObject => publishAny(schema, ROOT_PLACE).schema,
    components() {
      const components: [string, JsonObject][] = [];
      let size = 0;
      // A component may name further ones, which the loop meets in its turn.
      for (const [target, name] of names) {
        const isTooMuch = size > MAX_COMPONENTS || room.left <= 0;
        const whole = isTooMuch ? stub(target) : publishOnce(target, COMPONENT_PLACE);
        if (isTooMuch) warn("it refers to itself in too many places");
        size += whole.size;
        room.left -= whole.size;
        components.push([name, whole.schema]);
      }
      return components;
    },
    warnings: () => [...warnings],
  };
}

function refer(target: JsonObject, kind: SchemaPlace["kind"], write: () => string): Made {
  if (kind === "opaque") return stub(target);
  const $ref = write();
  return { schema: { $ref }, size: $ref.length, loose: false };
}

function asItStands(value: JsonValue) {
  return { value, size: JSON.stringify(value).length, loose: false };
}

/** What can be said of a schema without looking into it. */
function stub({ type, title, description }: JsonObject): Made {
  const { schema } = modernSchema({ type, title, description });
  const whole = completeSchema(schema, { kind: "opaque", loose: false });
  return { schema: whole, size: JSON.stringify(whole).length, loose: true };
}

/** The name a reference ends in, in the letters a component may have. */
function asName(reference: string): string {
  const hash = reference.indexOf("#");
  const address = hash === -1 ? reference : reference.slice(0, hash);
  const fragment = hash === -1 ? "" : reference.slice(hash + 1);
  const parts = [address.slice(address.lastIndexOf("/") + 1), ...fragment.split("/")].filter(
    (part) => part !== "" && !WAYS.has(part),
  );
  const name = parts.join("_").replaceAll(/[^A-Za-z0-9._-]+/g, "_");
  return name === "" ? "self" : name.slice(-MAX_NAME);
}

const WAYS: ReadonlySet<string> = new Set(["$defs", "definitions", "properties"]);
