import { functionParameters } from "../catalog/function-schema.ts";
import type { ProfileName } from "../config/llm-config.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { geminiSchema } from "./tool-dialect-gemini.ts";
import { isTaken, type SchemaRules, withoutKeywords } from "./tool-dialect-schema.ts";

/** What a provider takes as a function; one that it refuses costs the whole request. */
type Dialect = Readonly<{
  schema: SchemaRules;
  /** Keywords that only narrow what a backend checks anyway, and cost the request where they stand. */
  left: readonly string[];
  /** From the conservative dialect of all to its own. */
  narrow?: (schema: JsonObject) => JsonObject;
  /** The provider checks strict functions itself, against the schema as the client wrote it. */
  checksStrict: boolean;
  maxDescription: number | undefined;
}>;

const UNIONS = ["oneOf", "anyOf", "allOf", "enum", "not"];
const FOREIGN = ["$ref", "$defs", "definitions", "$schema", "prefixItems"];

/** "schema must have type 'object' and not have 'oneOf'…", "array schema missing items". */
const OPENAI: Dialect = {
  schema: { never: [], neverAtRoot: UNIONS, oneType: false, onlyKnown: false },
  left: [],
  checksStrict: true,
  maxDescription: 1_024,
};
/** For whoever is behind it: some resolve no references, some know no draft but their own. */
const CAREFUL: Dialect = {
  ...OPENAI,
  schema: { ...OPENAI.schema, never: FOREIGN, onlyKnown: true },
  checksStrict: false,
};
/** Makes grammars of schemas, where patterns fail unless anchored and plain. */
const GRAMMAR: Dialect = {
  ...CAREFUL,
  schema: { ...CAREFUL.schema, oneType: true },
  left: ["pattern"],
  maxDescription: undefined,
};

const DIALECTS: Readonly<Record<ProfileName, Dialect>> = {
  openai: OPENAI,
  azure: OPENAI,
  deepseek: { ...OPENAI, checksStrict: false },
  vllm: { ...OPENAI, checksStrict: false, maxDescription: undefined },
  // "input_schema does not support oneOf, allOf, or anyOf at the top level"
  anthropic: { ...OPENAI, checksStrict: false, maxDescription: undefined },
  mistral: { ...CAREFUL, maxDescription: undefined },
  openrouter: CAREFUL,
  "ai-gateway": CAREFUL,
  "workers-ai": CAREFUL,
  // LM Studio and others that carry llama.cpp inside have no profile of their own.
  generic: { ...CAREFUL, left: ["pattern"] },
  ollama: GRAMMAR,
  // Long repetitions fail in its grammars as well.
  "llama.cpp": { ...GRAMMAR, left: ["pattern", "minLength", "maxLength"] },
  gemini: {
    ...CAREFUL,
    // Its `Schema` is a message of named fields: each stranger is refused.
    schema: { ...CAREFUL.schema, oneType: true },
    narrow: geminiSchema,
    maxDescription: undefined,
  },
};

/** Projecting a schema costs more than all else here, and the gateway's own tools live on. */
const shaped = new WeakMap<Dialect, WeakMap<JsonObject, JsonObject>>();

/**
 * Tools of a request in the dialect of a provider: its own object wherever a provider takes a tool
 * as it is. Names stay, because clients dispatch on theirs; so do tools that are no functions.
 */
export function shapeTools(
  profile: ProfileName,
  tools: readonly JsonObject[],
): readonly JsonObject[] {
  const dialect = DIALECTS[profile];
  const known = shaped.get(dialect) ?? new WeakMap<JsonObject, JsonObject>();
  shaped.set(dialect, known);
  return tools.map((tool) => {
    const made = known.get(tool) ?? shapeTool(dialect, tool);
    known.set(tool, made);
    return made;
  });
}

function shapeTool(dialect: Dialect, tool: JsonObject): JsonObject {
  const { function: own } = tool;
  if (!isJsonObject(own)) return tool;
  const made = withSchema(dialect, withDescription(dialect, own));
  return made === own ? tool : { ...tool, function: made };
}

function withDescription({ maxDescription }: Dialect, own: JsonObject): JsonObject {
  const { description } = own;
  if (maxDescription === undefined || typeof description !== "string") return own;
  if (description.length <= maxDescription) return own;
  return { ...own, description: `${description.slice(0, maxDescription - 1).toWellFormed()}…` };
}

function withSchema(dialect: Dialect, own: JsonObject): JsonObject {
  const { parameters, ...rest } = own;
  if (parameters === undefined || parameters === null) return own;
  if (own["strict"] === true && dialect.checksStrict) return own;
  const made = schemaFor(dialect, isJsonObject(parameters) ? parameters : {});
  if (made === parameters) return own;
  return made === undefined ? rest : { ...own, parameters: made };
}

/** Undefined where the provider wants none rather than an empty one. */
function schemaFor(
  { schema: rules, left, narrow }: Dialect,
  schema: JsonObject,
): JsonObject | undefined {
  if (narrow !== undefined) {
    const made = narrow(functionParameters(schema));
    return Object.keys(made["properties"] ?? {}).length === 0 ? undefined : made;
  }
  if (isTaken(schema, { ...rules, never: [...rules.never, ...left] })) return schema;
  const common = isTaken(schema, rules) ? schema : functionParameters(schema);
  return withoutKeywords(common, left);
}
