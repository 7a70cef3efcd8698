import type { JsonObject, JsonValue } from "../../src/core/json.ts";

/** The same numbers between 0 and 1 on every run (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type RandomSchemas = Readonly<{
  /** Of an object, with references among its definitions and back to itself. */
  schema: () => JsonObject;
  /** What may or may not fit one of them. */
  value: () => JsonObject;
}>;

const NAMES = ["a", "b", "c"];
const PLAIN: readonly JsonObject[] = [
  {},
  { type: "string" },
  { type: "integer", minimum: 1 },
  { enum: ["x", 1] },
  { const: "y" },
  { type: ["string", "null"], minLength: 1 },
  { type: "object" },
  { type: "array" },
];
const PLACES = ["#/$defs/A", "#/$defs/B", "#/$defs/C", "#/properties/a", "#"];

export function createRandomSchemas(random: () => number): RandomSchemas {
  const pick = <One>(all: readonly One[], other: One): One =>
    all[Math.floor(random() * all.length)] ?? other;
  const likely = (chance: number): boolean => random() < chance;
  const some = (make: () => JsonValue): JsonObject =>
    Object.fromEntries(NAMES.filter(() => likely(0.6)).map((name) => [name, make()]));

  function schemaOf(depth: number): JsonValue {
    if (likely(0.04)) return likely(0.5);
    const kind = random();
    if (depth === 0 || kind < 0.25) return pick(PLAIN, {});
    if (kind > 0.45) return wordsOf(depth - 1);
    const beside = likely(0.2) ? wordsOf(depth - 1) : {};
    return { ...beside, $ref: pick(PLACES, "#"), ...(likely(0.3) ? { description: "d" } : {}) };
  }

  function wordsOf(depth: number): JsonObject {
    const inner = (): JsonValue => schemaOf(depth);
    const kind = random();
    if (kind < 0.45) {
      return {
        type: "object",
        properties: some(inner),
        ...(likely(0.3) ? { required: [pick(NAMES, "a")] } : {}),
        ...(likely(0.25) ? { additionalProperties: inner() } : {}),
        ...(likely(0.1) ? { patternProperties: { "^a": inner() } } : {}),
      };
    }
    if (kind < 0.6) {
      const prefix = likely(0.2) ? { prefixItems: [inner()] } : {};
      return { type: "array", items: inner(), ...prefix };
    }
    if (kind < 0.75) return { [pick(["anyOf", "oneOf", "allOf"], "anyOf")]: [inner(), inner()] };
    if (kind < 0.83) return { not: inner() };
    if (kind < 0.9)
      return Object.fromEntries(["if", "then", "else"].map((word) => [word, inner()]));
    return kind < 0.95 ? { dependentSchemas: { a: inner() } } : { contains: inner() };
  }

  function valueOf(depth: number): JsonValue {
    const kind = random();
    if (kind < 0.5 || depth === 0) return pick<JsonValue>(["x", "y", "", 0, 1, 1.5, true, null], 1);
    if (kind < 0.65) return [valueOf(depth - 1), valueOf(depth - 1)].slice(likely(0.5) ? 1 : 0);
    return some(() => valueOf(depth - 1));
  }

  return {
    schema: () => ({
      type: "object",
      properties: { a: schemaOf(3), b: schemaOf(2) },
      $defs: { A: schemaOf(3), B: schemaOf(2), C: schemaOf(2) },
    }),
    value: () => some(() => valueOf(3)),
  };
}
