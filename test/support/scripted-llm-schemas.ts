import * as z from "zod";
import { bad, type Fault, type Rule } from "./scripted-llm-refusals.ts";

export const openAiSchemas: Rule = schemaRule(
  (schema, depth) => {
    if (depth === 0 && schema["type"] !== "object") {
      return `schema must be a JSON Schema of 'type: "object"', got 'type: ${JSON.stringify(schema["type"] ?? "None")}'.`;
    }
    const union = ["oneOf", "anyOf", "allOf", "enum", "not"].find((key) => key in schema);
    if (depth === 0 && union !== undefined) {
      return "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level.";
    }
    return missesItems(schema) ? "array schema missing items." : undefined;
  },
  ({ name, place, problem }) =>
    bad(`Invalid schema for function '${name}': ${problem}`, {
      param: `tools[${place}].function.parameters`,
      code: "invalid_function_parameters",
    }),
);

export const strictSchemas: Rule = schemaRule(
  (schema, depth) => {
    if (depth === 0 && schema["type"] !== "object") return "the root must be of type object";
    if (depth === 0 && !("properties" in schema)) return "the root must have properties";
    const root = ["anyOf", "oneOf", "allOf", "not", "enum"].find((key) => key in schema);
    if (depth === 0 && root !== undefined) return `keyword '${root}' is not allowed at the root`;
    const keyword = ["$ref", "$defs", "definitions", "$schema", "prefixItems"].find(
      (key) => key in schema,
    );
    if (keyword !== undefined) return `keyword '${keyword}' is not supported`;
    return missesItems(schema) ? "array schema missing items" : undefined;
  },
  ({ name, place, problem }) =>
    bad(`Invalid 'tools[${place}].function.parameters' of function '${name}': ${problem}`, {
      param: `tools[${place}].function.parameters`,
    }),
);

const GEMINI_KEYWORDS =
  "$schema $ref $defs definitions additionalProperties default title pattern const oneOf allOf not prefixItems patternProperties examples exclusiveMinimum exclusiveMaximum".split(
    " ",
  );

export const geminiSchemas: Rule = schemaRule(
  (schema) => {
    const keyword = GEMINI_KEYWORDS.find((key) => key in schema);
    if (keyword !== undefined) return `Unknown name "${keyword}"`;
    if (Array.isArray(schema["type"]))
      return "type: Proto field is not repeating, cannot start list.";
    if (missesItems(schema)) return "items: missing field.";
    const options: unknown = schema["enum"];
    if (Array.isArray(options) && options.some((option) => typeof option !== "string")) {
      return "enum: only allowed for STRING type";
    }
    const properties = Object.keys(
      z.record(z.string(), z.unknown()).catch({}).parse(schema["properties"]),
    );
    const required = z.array(z.string()).catch([]).parse(schema["required"]);
    const lost = required.findIndex((key) => !properties.includes(key));
    return lost < 0 ? undefined : `required[${lost}]: property is not defined`;
  },
  ({ place, problem }) => {
    const where = `tools[0].function_declarations[${place}].parameters`;
    return problem.startsWith("Unknown name")
      ? bad(`Invalid JSON payload received. ${problem} at '${where}': Cannot find field.`)
      : bad(`* GenerateContentRequest.${where}.${problem}`);
  },
);

export const anthropicSchemas: Rule = schemaRule(
  (schema, depth) => {
    if (depth > 0) return undefined;
    if (schema["type"] !== "object") return "Field required";
    return ["oneOf", "allOf", "anyOf"].some((key) => key in schema)
      ? "input_schema does not support oneOf, allOf, or anyOf at the top level"
      : undefined;
  },
  ({ place, problem }) => bad(`tools.${place}.custom.input_schema: ${problem}`),
);

type Schema = Readonly<Record<string, unknown>>;
type Found = Readonly<{ name: string; place: number; problem: string }>;

function schemaRule(
  check: (schema: Schema, depth: number) => string | undefined,
  say: (found: Found) => Fault,
): Rule {
  const walk = (schema: unknown, depth: number): string | undefined => {
    const read = z.record(z.string(), z.unknown()).safeParse(schema);
    if (!read.success) return depth === 0 ? check({}, 0) : undefined;
    const problem = check(read.data, depth);
    if (problem !== undefined) return problem;
    for (const child of childrenOf(read.data)) {
      const deeper = walk(child, depth + 1);
      if (deeper !== undefined) return deeper;
    }
    return undefined;
  };
  return ({ tools = [] }) => {
    for (const [place, tool] of tools.entries()) {
      if (tool.function === undefined) continue;
      const problem = walk(tool.function.parameters, 0);
      if (problem !== undefined) return say({ name: tool.function.name, place, problem });
    }
    return undefined;
  };
}

function childrenOf(schema: Schema): readonly unknown[] {
  const named = ["properties", "$defs", "definitions", "patternProperties"].flatMap((key) =>
    Object.values(z.record(z.string(), z.unknown()).catch({}).parse(schema[key])),
  );
  const listed = ["anyOf", "oneOf", "allOf", "prefixItems"].flatMap((key) =>
    z.array(z.unknown()).catch([]).parse(schema[key]),
  );
  return [...named, ...listed, schema["items"], schema["additionalProperties"], schema["not"]];
}

function missesItems(schema: Schema): boolean {
  const types = [schema["type"]].flat();
  return (
    types.includes("array") && (typeof schema["items"] !== "object" || schema["items"] === null)
  );
}
