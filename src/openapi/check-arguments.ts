import { type OutputUnit, validate, type ValidationResult } from "@cfworker/json-schema";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { BodyProblem } from "./arguments-refused.ts";
import type { Budget } from "./check-budget.ts";
import { type CheckableSchema, checkableSchema } from "./checkable-schema.ts";
import { explainUnits } from "./explain-units.ts";

/**
 * Arguments up to these lengths, as JSON, are checked; in the short ones patterns may be more costly.
 * What is longer is hardly typed by anybody, and goes to the backend unchecked.
 */
const SHORT = 300;
const LONG = 64 * 1024;
/** Looks of the validator, about a microsecond each. */
const BUDGET = 50_000;

/**
 * What of the arguments does not fit the tool's own schema, or nothing. In doubt nothing: a schema
 * that cannot be understood, or not in a reasonable time, leaves it to the backend.
 */
export function findProblems(
  value: JsonObject,
  length: number,
  inputSchema: JsonObject,
): readonly BodyProblem[] {
  if (length > LONG) return [];
  const schema = heldSchema(inputSchema, length > SHORT ? LONG : SHORT);
  if (schema === undefined) return [];
  const first = run(schema, value, true);
  if (first === undefined || first.valid) return [];
  // Each property for itself now, so that all of it can be mended at once.
  const all: readonly OutputUnit[] = run(schema, value, false)?.errors ?? first.errors;
  return explainUnits(all, { schema, value });
}

/** For what reads a schema as this does. Undefined for one that is no use. */
export function heldSchema(inputSchema: JsonObject, length = LONG): CheckableSchema | undefined {
  const held = length > SHORT ? longs : shorts;
  const known = held.get(inputSchema);
  if (known !== undefined) return known.schema;
  const made = { schema: prepared(inputSchema, length) };
  held.set(inputSchema, made);
  return made.schema;
}

type Held = Readonly<{ schema: CheckableSchema | undefined }>;

/** A listing's schemas are the same objects until the listing changes. */
const shorts = new WeakMap<JsonObject, Held>();
const longs = new WeakMap<JsonObject, Held>();

function prepared(inputSchema: JsonObject, length: number): CheckableSchema | undefined {
  try {
    return checkableSchema(inputSchema, length);
  } catch {
    return undefined; // too large, too deep or no schema: the backend knows what it means
  }
}

function run(
  { root, lookup, budget }: CheckableSchema,
  value: JsonObject,
  isFirstEnough: boolean,
): ValidationResult | undefined {
  try {
    Object.assign(budget, { left: BUDGET, keys: 0, items: 0 });
    measure(value, budget);
    return validate(value, root, "2020-12", lookup, isFirstEnough);
  } catch {
    // Too much, or a reference that never ends, or half a character, which is no place in a text.
    return undefined;
  }
}

function measure(value: JsonValue, budget: Budget): void {
  if (typeof value !== "object" || value === null) return;
  const members = Object.values(value);
  if (Array.isArray(value)) budget.items = Math.max(budget.items, members.length);
  else budget.keys = Math.max(budget.keys, members.length);
  for (const member of members) measure(member ?? null, budget);
}
