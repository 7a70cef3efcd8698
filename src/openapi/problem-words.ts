import type { Schema } from "@cfworker/json-schema";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { BodyProblem } from "./arguments-refused.ts";
import { FORMATS } from "./known-formats.ts";
import { allowed, bounded, counted, orList, shown } from "./shown-values.ts";

/** One keyword of a schema that a value does not meet. */
export type Fault = Readonly<{
  /** `several` for a `oneOf` of which more than one fits. */
  keyword: string;
  /** The one with the keyword; of alternatives what each of them wants, as `anyOf`. */
  schema: Schema;
  /** Where the value stands, as a pointer. */
  at: string;
  loc: BodyProblem["loc"];
  input: JsonValue;
}>;

/** Of one object; more than are told in all. */
const MAX_MISSING = 50;

/** What is told of it, with pydantic's names where it has one. */
export function problemsOf(fault: Fault): readonly BodyProblem[] {
  const { keyword, loc, input, schema } = fault;
  switch (keyword) {
    case "required":
      return missing(fault, schema.required ?? [], "Field required");
    case "dependentRequired":
      return Object.entries(schema.dependentRequired ?? {})
        .filter(([key]) => has(input, key))
        .flatMap(([key, names]) => missing(fault, names, `Field required beside ${shown(key)}`));
    default: {
      const { type, msg, ctx } = wordsOf(fault);
      return [{ type, loc, msg, input: bounded(input), ...(ctx === undefined ? {} : { ctx }) }];
    }
  }
}

type Words = Pick<BodyProblem, "type" | "msg" | "ctx">;

function missing(
  { loc, input }: Fault,
  names: readonly string[],
  msg: string,
): readonly BodyProblem[] {
  const shownInput = bounded(input);
  return names
    .filter((name) => !has(input, name))
    .slice(0, MAX_MISSING)
    .map((name) => ({ type: "missing", loc: [...loc, name], msg, input: shownInput }));
}

function has(value: JsonValue, name: string): boolean {
  return isJsonObject(value) && Object.hasOwn(value, name);
}

function wordsOf({ keyword, schema, input, loc }: Fault): Words {
  const bound: JsonValue = schema[keyword] ?? null;
  switch (keyword) {
    case "type":
      return wrongType([schema.type ?? []].flat(), input);
    case "enum":
      return literal(schema.enum ?? [], input);
    case "const":
      return literal([bound], input);
    case "anyOf":
    case "oneOf":
      return wrongBranch(schema.anyOf ?? [], input);
    case "several":
      return { type: "value_error", msg: "Input should fit one alternative only, it fits several" };
    case "minimum":
      return compared("greater_than_equal", "greater than or equal to", "ge", bound, input);
    case "maximum":
      return compared("less_than_equal", "less than or equal to", "le", bound, input);
    case "exclusiveMinimum":
      return compared("greater_than", "greater than", "gt", bound, input);
    case "exclusiveMaximum":
      return compared("less_than", "less than", "lt", bound, input);
    case "multipleOf":
      return compared("multiple_of", "a multiple of", "multiple_of", bound, input);
    case "minLength":
      return {
        type: "string_too_short",
        msg: `String should have at least ${counted(bound, "character")}`,
        ctx: { min_length: bound },
      };
    case "maxLength":
      return {
        type: "string_too_long",
        msg: `String should have at most ${counted(bound, "character")}`,
        ctx: { max_length: bound },
      };
    case "minItems":
    case "minProperties":
      return sized("too_short", "at least", "min_length", bound, input);
    case "maxItems":
    case "maxProperties":
      return sized("too_long", "at most", "max_length", bound, input);
    case "pattern":
      return mismatch(schema, input);
    case "propertyNames":
      return {
        type: "invalid_key",
        msg: `The name ${shown(loc.at(-1) ?? "")} does not fit the schema`,
      };
    case "properties":
    case "patternProperties":
    case "additionalProperties":
    case "unevaluatedProperties":
    case "items":
    case "prefixItems":
    case "unevaluatedItems":
      return forbidden(schema, keyword);
    case "not":
      return { type: "value_error", msg: `Input should be something else than ${shown(input)}` };
    case "contains":
    case "minContains":
    case "maxContains":
      return {
        type: "value_error",
        msg: `List should contain ${containedOf(schema)} that fit the schema`,
      };
    default:
      return { type: "value_error", msg: `Input should fit the schema, which says "${keyword}"` };
  }
}

/** Of each type the name of the error and the words for what is wanted. */
const TYPES: Readonly<Record<string, readonly [string, string]>> = {
  string: ["string_type", "a valid string"],
  integer: ["int_type", "a valid integer"],
  number: ["float_type", "a valid number"],
  boolean: ["bool_type", "a valid boolean"],
  array: ["list_type", "a valid list"],
  object: ["dict_type", "a valid object"],
  null: ["none_required", "null"],
};

function wrongType(types: readonly string[], input: JsonValue): Words {
  const wanted = types.filter((type) => type !== "null");
  const [only = "null"] = wanted;
  const name = wanted.length > 1 ? "union_error" : (TYPES[only]?.[0] ?? "value_error");
  const isFraction = only === "integer" && typeof input === "number";
  return {
    type: isFraction && wanted.length === 1 ? "int_from_float" : name,
    msg: `Input should be ${orList(types.map(nameOfType))}, not ${shown(input)}`,
  };
}

function nameOfType(type: string): string {
  return TYPES[type]?.[1] ?? type;
}

function wrongBranch(branches: readonly Schema[], input: JsonValue): Words {
  const names = new Set(branches.map(nameOfBranch));
  const types = new Set(branches.flatMap(({ type = [] }) => type));
  // They only differ in what is asked of a value of the one type.
  if (names.size === 1 && types.size > 0) return wrongType([...types], input);
  return {
    type: "union_error",
    msg: `Input should be ${orList([...names])}, not ${shown(input)}`,
  };
}

function nameOfBranch(schema: Schema): string {
  if (schema.enum !== undefined) return allowed(schema.enum);
  if (Object.hasOwn(schema, "const")) return shown(schema["const"]);
  const types = [schema.type ?? []].flat();
  return types.length === 0 ? "what another schema says" : orList(types.map(nameOfType));
}

/** As in pydantic, for the values of a Literal. */
function literal(values: readonly JsonValue[], input: JsonValue): Words {
  const expected = allowed(values);
  return {
    type: "literal_error",
    msg: `Input should be ${expected}, not ${shown(input)}`,
    ctx: { expected },
  };
}

function compared(
  type: string,
  words: string,
  key: string,
  bound: JsonValue,
  input: JsonValue,
): Words {
  return {
    type,
    msg: `Input should be ${words} ${shown(bound)}, not ${shown(input)}`,
    ctx: { [key]: bound },
  };
}

function sized(
  type: string,
  words: string,
  key: string,
  bound: JsonValue,
  input: JsonValue,
): Words {
  const isList = Array.isArray(input);
  const length = isList ? input.length : Object.keys(objectOf(input)).length;
  const kind = isList ? "List" : "Object";
  return {
    type,
    msg: `${kind} should have ${words} ${counted(bound, isList ? "item" : "key")}, not ${length}`,
    ctx: { field_type: kind, [key]: bound, actual_length: length },
  };
}

function mismatch(schema: Schema, input: JsonValue): Words {
  const format = FORMATS.get(String(schema["named"]));
  if (format !== undefined) {
    return {
      type: format.type,
      msg: `Input should be a valid ${format.name}, not ${shown(input)}`,
    };
  }
  const pattern = schema.pattern ?? "";
  return {
    type: "string_pattern_mismatch",
    msg: `String should match pattern '${pattern}', not ${shown(input)}`,
    ctx: { pattern },
  };
}

function forbidden(schema: Schema, keyword: string): Words {
  if (/items/i.test(keyword)) {
    return { type: "too_long", msg: "The list should have no more items than its schema names" };
  }
  const names = Object.keys(schema.properties ?? {});
  const known = names.length === 0 ? "there are none" : `there are ${allowed(names)}`;
  return { type: "extra_forbidden", msg: `Extra inputs are not permitted: ${known}` };
}

function containedOf({ minContains, maxContains }: Schema): string {
  if (maxContains !== undefined) return `at most ${counted(maxContains, "item")}`;
  return `at least ${counted(minContains ?? 1, "item")}`;
}

function objectOf(value: JsonValue): JsonObject {
  return isJsonObject(value) ? value : {};
}
