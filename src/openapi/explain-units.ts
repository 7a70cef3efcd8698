import type { OutputUnit, Schema } from "@cfworker/json-schema";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { BodyProblem } from "./arguments-refused.ts";
import type { CheckableSchema } from "./checkable-schema.ts";
import { type Fault, problemsOf } from "./problem-words.ts";

/** A model mends the first few; a person as well. */
const MAX_PROBLEMS = 20;
/** Schema and arguments are both strangers': what is wrong a hundred thousand times is not all read. */
const MAX_UNITS = 1_000;

/** What a validator found, and in what. */
export type Found = Readonly<{ schema: CheckableSchema; value: JsonObject }>;

/**
 * The faults at the bottom of what a validator says: it also names everything around each of them,
 * and every alternative that was not meant.
 */
export function explainUnits(units: readonly OutputUnit[], found: Found): readonly BodyProblem[] {
  const faults = faultsOf(units.slice(0, MAX_UNITS), found);
  const problems = faults.flatMap(problemsOf);
  const byPlace = new Map<string, BodyProblem>();
  for (const problem of problems) {
    // Where a value is none of those allowed, its type says nothing more.
    const place = JSON.stringify(problem.loc);
    const other = byPlace.get(place);
    if (other === undefined || isMoreTelling(problem, other)) byPlace.set(place, problem);
  }
  const [...told] = byPlace.values();
  return told.length === 0 ? [UNTOLD] : told.slice(0, MAX_PROBLEMS);
}

const UNTOLD: BodyProblem = {
  type: "value_error",
  loc: ["body"],
  msg: "Input should fit the schema of the tool",
  input: {},
};

function isMoreTelling(problem: BodyProblem, other: BodyProblem): boolean {
  return problem.type === "literal_error" && other.type !== "literal_error";
}

function faultsOf(units: readonly OutputUnit[], found: Found): readonly Fault[] {
  const faults: Fault[] = [];
  for (let at = 0; at < units.length;) {
    const unit = units[at];
    if (unit === undefined) break;
    const next = units[at + 1];
    if (isSameAgain(unit, units[at - 1])) {
      at += 1;
      continue;
    }
    if (CLOSING.has(unit.keyword) && next?.keyword === "false") {
      faults.push(toFault(unit, found, next.instanceLocation));
      at += 2;
      continue;
    }
    if (!WHOLE.has(unit.keyword)) {
      if (!AROUND.has(unit.keyword)) faults.push(toFault(unit, found));
      at += 1;
      continue;
    }
    const end = endOfGroup(units, at);
    if (unit.keyword === "anyOf" || unit.keyword === "oneOf") {
      faults.push(...nearestBranch(unit, units.slice(at + 1, end), found));
    } else {
      // A name that does not fit is said to stand where its value does.
      const place = unit.keyword === "propertyNames" ? next?.instanceLocation : undefined;
      faults.push(toFault(unit, found, place));
    }
    at = end;
  }
  return faults;
}

/** Said once for each name that is missing, and told of all of them at once. */
function isSameAgain(unit: OutputUnit, before: OutputUnit | undefined): boolean {
  return (
    MISSING.has(unit.keyword) &&
    unit.keywordLocation === before?.keywordLocation &&
    unit.instanceLocation === before.instanceLocation
  );
}

const MISSING: ReadonlySet<string> = new Set(["required", "dependentRequired"]);

/** Followed by what is wrong inside them, which is told instead. */
const AROUND: ReadonlySet<string> = new Set([
  ..."$ref properties patternProperties additionalProperties unevaluatedProperties".split(" "),
  ..."items prefixItems unevaluatedItems allOf if dependentSchemas".split(" "),
]);
/** Told with what is wrong inside them, or instead of it. */
const WHOLE: ReadonlySet<string> = new Set("anyOf oneOf propertyNames contains not".split(" "));
/** Where `false` stands in these, nothing more may follow. */
const CLOSING: ReadonlySet<string> = new Set([
  ..."properties patternProperties additionalProperties unevaluatedProperties".split(" "),
  ..."items prefixItems unevaluatedItems".split(" "),
]);

/** Behind what was said of the inside of one; `false` is the one that does not say where it stands. */
function endOfGroup(units: readonly OutputUnit[], start: number): number {
  const around = units[start]?.keywordLocation ?? "";
  let end = start + 1;
  for (let unit = units[end]; unit !== undefined; unit = units[end]) {
    const isInside = unit.keywordLocation.startsWith(`${around}/`) || unit.keyword === "false";
    if (!isInside) break;
    end += 1;
  }
  return end;
}

/**
 * Of alternatives the one that was probably meant: its own place fits, and the fewest things in it do
 * not. Where none fits at all, they are told together.
 */
function nearestBranch(
  unit: OutputUnit,
  inner: readonly OutputUnit[],
  found: Found,
): readonly Fault[] {
  const branches = new Map<string, OutputUnit[]>();
  let last: OutputUnit[] | undefined;
  for (const one of inner) {
    const name = one.keywordLocation.slice(unit.keywordLocation.length + 1).split("/", 1)[0] ?? "";
    if (one.keyword === "false" && last !== undefined) last.push(one);
    else {
      last = branches.get(name) ?? [];
      last.push(one);
      branches.set(name, last);
    }
  }
  const fault = toFault(unit, found);
  if (SEVERAL.test(unit.error)) return [{ ...fault, keyword: "several" }];
  const isOwn = ({ at, keyword }: Fault): boolean =>
    at === unit.instanceLocation && OWN.has(keyword);
  const told = [...branches.values()].map((branch) => faultsOf(branch, found));
  const [nearest] = told
    .filter((faults) => !faults.some(isOwn))
    .toSorted((left, right) => distanceOf(left) - distanceOf(right));
  if (nearest !== undefined) return nearest;
  const possible = told.filter((faults) => !faults.some(isNullWanted));
  // `anyOf: [T, null]` is how an optional T is written.
  const [only] = possible;
  if (only !== undefined && possible.length === 1) return only;
  const wanted = told.flatMap((faults) => faults.filter(isOwn).map(({ schema }) => schema));
  return [{ ...fault, schema: { anyOf: wanted } }];
}

/** What is said of `oneOf` when it is not that none fits. */
const SEVERAL = /\([1-9]\d* matches\)/;

/** That a value is of another kind altogether. */
const OWN: ReadonlySet<string> = new Set(["type", "const", "enum"]);

/** A constant that differs names another alternative. */
function distanceOf(faults: readonly Fault[]): number {
  return faults.reduce((sum, { keyword }) => sum + (keyword === "const" ? 100 : 1), 0);
}

function isNullWanted({ keyword, schema }: Fault): boolean {
  return keyword === "type" && schema.type === "null";
}

function toFault(
  { keyword, keywordLocation, instanceLocation }: OutputUnit,
  { schema, value }: Found,
  at = instanceLocation,
): Fault {
  const { loc, input } = lookInto(value, partsOf(at));
  return { keyword, schema: schemaAt(schema, partsOf(keywordLocation)), at, loc, input };
}

function lookInto(
  value: JsonObject,
  parts: readonly string[],
): { loc: readonly (string | number)[]; input: JsonValue } {
  const loc: (string | number)[] = ["body"];
  let input: JsonValue = value;
  for (const part of parts) {
    if (Array.isArray(input)) {
      loc.push(Number(part));
      input = input[Number(part)] ?? null;
    } else {
      loc.push(part);
      input = isJsonObject(input) && Object.hasOwn(input, part) ? (input[part] ?? null) : null;
    }
  }
  return { loc, input };
}

/** The schema that has the keyword; `$ref` in the way stands for what it names. */
function schemaAt({ root, lookup }: CheckableSchema, parts: readonly string[]): Schema {
  let at: unknown = root;
  for (const part of parts.slice(0, -1)) {
    if (typeof at !== "object" || at === null) return {};
    const next: unknown = Reflect.get(at, part);
    at = part === "$ref" && typeof next === "string" ? lookup[next] : next;
  }
  return typeof at === "object" && at !== null ? at : {};
}

function partsOf(pointer: string): readonly string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) =>
      decodeURI(part).replaceAll("%23", "#").replaceAll("~1", "/").replaceAll("~0", "~"),
    );
}
