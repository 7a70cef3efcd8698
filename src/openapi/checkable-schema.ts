import type { Schema } from "@cfworker/json-schema";
import { modernSchema } from "../catalog/modern-schema.ts";
import { createReferences, type SchemaReferences } from "../catalog/schema-references.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { type Budget, countedBy, TooMuchToCheck, weigh } from "./check-budget.ts";
import { FORMATS } from "./known-formats.ts";
import { patternCost } from "./pattern-cost.ts";

/**
 * A tool's schema in a form that may be tried on whatever is sent: what could take long or cannot be
 * understood is left out, and then more passes than was meant, never less. The backend sees it anyway.
 */
export type CheckableSchema = Readonly<{
  root: Schema;
  /** What a `$ref` in it names. */
  lookup: Record<string, Schema | boolean>;
  /** How many looks are left, and at what; to be set before each check. */
  budget: Budget;
}>;

/** For arguments that are up to `length` characters of JSON. Throws for what is no use at all. */
export function checkableSchema(inputSchema: JsonObject, length: number): CheckableSchema {
  const whole = prepare(inputSchema, length, { isWhole: true });
  if (whole !== undefined) return whole;
  const left = prepare(inputSchema, length, { isWhole: false });
  if (left === undefined) throw new TypeError("nothing more is to be left out");
  return left;
}

/** A schema with more parts than this is not one that people write. */
const MAX_SCHEMAS = 5_000;
/** Each of them is tried on each key. */
const MAX_KEY_PATTERNS = 20;
/** A tenth of a second or so, should somebody be out for it. */
const MAX_PATTERN_STEPS = 30_000_000;
/** Undefined when something had to be left out of what was to be whole. */
function prepare(
  inputSchema: JsonObject,
  length: number,
  { isWhole }: { isWhole: boolean },
): CheckableSchema | undefined {
  const budget: Budget = { left: MAX_SCHEMAS, keys: 0, items: 0 };
  const work: Work = {
    length,
    isWhole,
    references: createReferences(inputSchema),
    budget,
    prototype: countedBy(budget),
    done: new Map(),
    names: new Map(),
    lookup: {},
    hasLost: false,
  };
  // The body is an object already, and a root that says otherwise is a slip.
  const { type: _, ...rest } = inputSchema;
  const root = prepareOne(rest, work);
  if (typeof root === "boolean" || (isWhole && work.hasLost)) return undefined;
  return { root, lookup: work.lookup, budget };
}

type Work = {
  readonly length: number;
  readonly isWhole: boolean;
  readonly references: SchemaReferences;
  readonly budget: Budget;
  readonly prototype: object;
  readonly done: Map<JsonObject, Schema>;
  readonly names: Map<JsonValue, string>;
  readonly lookup: Record<string, Schema | boolean>;
  hasLost: boolean;
};

function prepareOne(schema: JsonValue | undefined, work: Work): Schema | boolean {
  if (!isJsonObject(schema)) return schema !== false;
  const done = work.done.get(schema);
  if (done !== undefined) return done;
  if (work.done.size >= MAX_SCHEMAS) throw new TooMuchToCheck();
  const made: Schema = Object.create(work.prototype);
  // Before what is inside: it may refer to this one.
  work.done.set(schema, made);
  const { schema: modern, lost } = modernSchema(schema);
  const keySteps = keyPatternSteps(modern, work);
  const isOpen = keySteps > MAX_PATTERN_STEPS;
  if (isOpen || lost.length > 0) work.hasLost = true;
  for (const [key, value] of Object.entries(modern)) {
    if (value === undefined || (isOpen && KEY_RULES.has(key))) continue;
    takeOver(made, key, { value, from: schema, work });
  }
  if (made["pattern"] === undefined && typeof modern["format"] === "string") {
    const pattern = FORMATS.get(modern["format"])?.pattern;
    const steps = work.length; // ours go over a text once
    if (pattern !== undefined) Object.assign(made, { pattern, named: modern["format"], steps });
  }
  dropDefaulted(made, modern, work);
  const own = typeof made["steps"] === "number" ? made["steps"] : 0;
  weigh(made, { steps: own + (isOpen ? 0 : keySteps), length: work.length });
  return made;
}

type Taking = Readonly<{ value: JsonValue; from: JsonObject; work: Work }>;

function takeOver(made: Schema, key: string, { value, from, work }: Taking): void {
  if (PLAIN.has(key)) made[key] = value;
  else if (SINGLE.has(key)) made[key] = prepareOne(value, work);
  else if (MAPS.has(key)) made[key] = prepareMap(value, work);
  else if (key === "prefixItems" || key === "anyOf") made[key] = prepareList(value, work);
  else if (key === "allOf") also(made, prepareList(value, work));
  else if (key === "$ref") refer(made, value, from, work);
  else if (key === "pattern") takePattern(made, value, work);
  else if (key === "uniqueItems") work.hasLost ||= value === true;
  else if (!work.isWhole && key === "oneOf") also(made, [{ anyOf: prepareList(value, work) }]);
  else if (work.isWhole && key === "oneOf") made[key] = prepareList(value, work);
  else if (work.isWhole && COUNTS.has(key)) made[key] = value;
  else if (work.isWhole && TURNING.has(key)) made[key] = prepareOne(value, work);
}

/** Tried as they are. `uniqueItems` is not: it compares everything with everything. */
const PLAIN: ReadonlySet<string> = new Set([
  ..."type const enum minimum maximum exclusiveMinimum exclusiveMaximum multipleOf".split(" "),
  ..."minLength maxLength minItems maxItems minProperties maxProperties".split(" "),
  ..."required dependentRequired".split(" "),
]);
const SINGLE: ReadonlySet<string> = new Set(["items", "additionalProperties", "propertyNames"]);
const KEY_RULES: ReadonlySet<string> = new Set(["patternProperties", "additionalProperties"]);
const MAPS: ReadonlySet<string> = new Set(
  "properties patternProperties dependentSchemas".split(" "),
);
/**
 * These refuse what a schema inside them takes, or see what others took: with something left out they
 * would refuse too much. So would `oneOf`, of whose branches more than one would fit.
 */
const TURNING: ReadonlySet<string> = new Set(
  "not if then else contains unevaluatedProperties unevaluatedItems".split(" "),
);
const COUNTS: ReadonlySet<string> = new Set(["minContains", "maxContains"]);

function prepareList(value: JsonValue, work: Work): Schema[] {
  if (!Array.isArray(value)) return [];
  return value.map((one) => asSchema(prepareOne(one, work)));
}

function asSchema(schema: Schema | boolean): Schema {
  if (typeof schema !== "boolean") return schema;
  return schema ? {} : { not: {} };
}

function also(made: Schema, schemas: readonly Schema[]): void {
  made.allOf = [...(made.allOf ?? []), ...schemas];
}

function prepareMap(value: JsonValue, work: Work): Record<string, Schema | boolean> {
  const entries = isJsonObject(value) ? Object.entries(value) : [];
  // Never by assignment: a property may be called `__proto__`.
  return Object.fromEntries(entries.map(([name, one]) => [name, prepareOne(one, work)]));
}

function takePattern(made: Schema, value: JsonValue, work: Work): void {
  const cost = typeof value === "string" ? patternCost(value, work.length) : Infinity;
  if (typeof value !== "string" || cost > MAX_PATTERN_STEPS) {
    work.hasLost = true;
    return;
  }
  made["pattern"] = value;
  made["steps"] = cost;
}

/** Without such patterns an object's other keys cannot be told from those that they allow. */
function keyPatternSteps({ patternProperties }: JsonObject, { length }: Work): number {
  const patterns = isJsonObject(patternProperties) ? Object.keys(patternProperties) : [];
  if (patterns.length > MAX_KEY_PATTERNS) return Infinity;
  return patterns.reduce((sum, pattern) => sum + patternCost(pattern, length), 0);
}

function refer(made: Schema, value: JsonValue, from: JsonObject, work: Work): void {
  const target = typeof value === "string" ? work.references.find(value, from) : undefined;
  if (target === undefined) {
    work.hasLost = true;
    return;
  }
  const known = work.names.get(target);
  const name = known ?? String(work.names.size);
  made["$ref"] = name;
  if (known !== undefined) return;
  work.names.set(target, name);
  work.lookup[name] = prepareOne(target, work);
}

/** Generators that tell what a tool is given after its defaults call those required as well. */
function dropDefaulted(made: Schema, { properties }: JsonObject, work: Work): void {
  if (made.required === undefined || !isJsonObject(properties)) return;
  const hasDefault = (name: string): boolean => {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return isJsonObject(property) && property["default"] !== undefined;
  };
  if (!made.required.some(hasDefault)) return;
  made.required = made.required.filter((name) => !hasDefault(name));
  work.hasLost = true;
}
