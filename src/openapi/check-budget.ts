import type { Schema } from "@cfworker/json-schema";

/**
 * What a check of arguments may cost. Schema and arguments are both strangers', so every look of the
 * validator at a schema is paid for by what it takes.
 */
export type Budget = {
  /** Looks, about a microsecond each. */
  left: number;
  /** Of the widest object that is checked. */
  keys: number;
  /** Of the longest list. */
  items: number;
};

/** Thrown out of a check that would go on for too long. */
export class TooMuchToCheck extends Error {}

/** So that a few looks at costly patterns use up a budget. */
const STEPS_OF_A_LOOK = 3_000;
/** Each look at an object goes over all of its keys. */
const LOOK_OF_A_KEY = 0.05;

/**
 * The prototype of schemas whose looks are counted. The validator has no bound of its own, and
 * alternatives that refer to each other double its work with each level. It reads this keyword, which
 * no schema here has, of every schema it tries.
 */
export function countedBy(budget: Budget): object {
  return Object.defineProperty({}, "$recursiveRef", {
    get(this: Schema): undefined {
      budget.left -= typeof this["weight"] === "number" ? this["weight"] : 1;
      budget.left -= budget.keys * (this["refusesKeys"] === true ? 1 : LOOK_OF_A_KEY);
      if (this["refusesItems"] === true) budget.left -= budget.items;
      if (budget.left < 0) throw new TooMuchToCheck();
    },
  });
}

/** Notes at a schema what one look at it costs. `steps`: of its patterns, on texts of `length`. */
export function weigh(schema: Schema, { steps, length }: { steps: number; length: number }): void {
  const all = steps + (isMeasuring(schema) ? length : 0);
  const byPattern = Object.values(schema.patternProperties ?? {});
  Object.assign(schema, {
    weight: 1 + Math.ceil(looksOf(schema) + all / STEPS_OF_A_LOOK),
    refusesKeys: byPattern.includes(false) || KEY_SCHEMAS.some((key) => schema[key] === false),
    refusesItems: ITEM_SCHEMAS.some((key) => schema[key] === false),
  });
}

/** Where these are `false`, each key or item is a fault, and is told without a look at a schema. */
const KEY_SCHEMAS = ["additionalProperties", "unevaluatedProperties", "propertyNames"];
const ITEM_SCHEMAS = ["items", "unevaluatedItems", "contains"];

/** Characters are counted one by one. */
function isMeasuring({ minLength, maxLength }: Schema): boolean {
  return minLength !== undefined || maxLength !== undefined;
}

/** Besides patterns and lengths, in looks at an empty schema. */
function looksOf(schema: Schema): number {
  // Both are compared with, and written out where they do not fit.
  const values = JSON.stringify([schema.enum, schema.const]).length / 16;
  const needed = Object.values(schema.dependentRequired ?? {}).flat();
  const declared = Object.keys(schema.properties ?? {});
  const names = (schema.required?.length ?? 0) + needed.length + declared.length;
  return values + names / 4;
}
