import type { Schema } from "@cfworker/json-schema";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { TooMuchToCheck } from "./check-budget.ts";
import type { CheckableSchema } from "./checkable-schema.ts";

/**
 * Arguments as mcpo reads them: numbers and booleans may be written as texts, a null where none is
 * allowed means that there is no value, and what a tool does not take is dropped. What fits already
 * is left alone.
 */
export function readLaxly(value: JsonObject, { root, lookup }: CheckableSchema): JsonObject {
  try {
    const read = lax(value, root, { lookup, looks: { left: MAX_LOOKS } });
    return isJsonObject(read) ? read : value;
  } catch (error) {
    if (error instanceof TooMuchToCheck || error instanceof RangeError) return value;
    throw error;
  }
}

/** Alternatives that refer to each other double with each level; nobody writes as many. */
const MAX_LOOKS = 50_000;

type Reading = Readonly<{ lookup: CheckableSchema["lookup"]; looks: { left: number } }>;

function lax(value: JsonValue, schema: Schema | boolean | undefined, reading: Reading): JsonValue {
  if (typeof schema !== "object") return value;
  look(reading);
  if (schema.$ref !== undefined) return lax(value, reading.lookup[schema.$ref], reading);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined && schema.type === undefined && schema.properties === undefined) {
    const fitting = branches.find((branch) => takesAsIs(value, branch, reading));
    if (fitting !== undefined) return lax(value, fitting, reading);
    const read = branches.map((branch) => lax(value, branch, reading));
    return read.find((one) => one !== value) ?? value;
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    return Array.isArray(items) ? value : value.map((one: JsonValue) => lax(one, items, reading));
  }
  if (isJsonObject(value)) {
    const saysNothing = schema.properties === undefined && schema.additionalProperties !== false;
    return saysNothing ? value : laxObject(value, schema, reading);
  }
  return scalar(value, [schema.type ?? []].flat());
}

function laxObject(value: JsonObject, schema: Schema, reading: Reading): JsonObject {
  const { properties = {}, required = [], patternProperties, additionalProperties } = schema;
  const isClosed = additionalProperties === false && patternProperties === undefined;
  const entries = Object.entries(value).flatMap(([name, one = null]) => {
    if (!Object.hasOwn(properties, name)) return isClosed ? [] : [[name, one]];
    const declared = properties[name];
    const isUnset = one === null && !required.includes(name) && !takesAsIs(null, declared, reading);
    return isUnset ? [] : [[name, lax(one, declared, reading)]];
  });
  return Object.fromEntries(entries);
}

function look({ looks }: Reading): void {
  looks.left -= 1;
  if (looks.left < 0) throw new TooMuchToCheck();
}

/** By its type alone. */
function takesAsIs(
  value: JsonValue,
  schema: Schema | boolean | undefined,
  reading: Reading,
): boolean {
  if (typeof schema !== "object") return schema !== false;
  look(reading);
  if (schema.$ref !== undefined) return takesAsIs(value, reading.lookup[schema.$ref], reading);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches?.some((branch) => takesAsIs(value, branch, reading)) === false) return false;
  const types = [schema.type ?? []].flat();
  return types.length === 0 || types.some((type) => isOfType(value, type));
}

function isOfType(value: JsonValue, type: string): boolean {
  if (value === null) return type === "null";
  if (Array.isArray(value)) return type === "array";
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

function scalar(value: JsonValue, types: readonly string[]): JsonValue {
  if (types.length === 0 || types.some((type) => isOfType(value, type))) return value;
  for (const type of types) {
    const read = READERS[type]?.(value);
    if (read !== undefined) return read;
  }
  return value;
}

type Reader = (value: JsonValue) => number | boolean | undefined;

/** pydantic's conversion table in lax mode, as far as JSON comes. */
const READERS: Readonly<Record<string, Reader | undefined>> = {
  integer: (value) => {
    if (typeof value === "boolean") return Number(value);
    const isWhole = typeof value === "string" && /^\s*[-+]?\d+(?:\.0+)?\s*$/.test(value);
    return isWhole && Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
  },
  number: (value) => {
    if (typeof value === "boolean") return Number(value);
    const isNumber = typeof value === "string" && /^\s*[-+]?[\d.]+(?:e[-+]?\d+)?\s*$/i.test(value);
    return isNumber && Number.isFinite(Number(value)) ? Number(value) : undefined;
  },
  boolean: (value) => {
    if (typeof value !== "string" && typeof value !== "number") return undefined;
    const word = String(value).toLowerCase();
    if (["1", "true", "t", "yes", "y", "on"].includes(word)) return true;
    return ["0", "false", "f", "no", "n", "off"].includes(word) ? false : undefined;
  },
};
