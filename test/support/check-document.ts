import { createRequire } from "node:module";
import { Validator } from "@seriousme/openapi-schema-validator";
import * as z from "zod";
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/core/json.ts";

/** A check of one value, made from a schema in a document. */
export type Check = (value: unknown) => boolean;

type Ajv = Readonly<{
  addSchema: (schema: object, name: string) => unknown;
  compile: (schema: object) => Check;
}>;

/** The one that the validator of documents is made with; that one looks at no schema in them. */
const Ajv2020 = z
  .custom<new (options: object) => Ajv>((value) => typeof value === "function")
  .parse(
    createRequire(import.meta.resolve("@seriousme/openapi-schema-validator"))("ajv/dist/2020.js"),
  );

/** Throws for what is no OpenAPI 3.1, and for a schema in it that is no JSON Schema 2020-12. */
export async function checkDocument(document: JsonObject): Promise<DocumentChecks> {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone({ ...document }));
  if (!valid) throw new Error(JSON.stringify(errors));
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, "document");
  const compile = (pointer: string): Check => ajv.compile({ $ref: `document#${pointer}` });
  for (const pointer of schemasIn(document, "")) compile(pointer);
  return {
    body: (path) =>
      compile(`/paths/${escape(path)}/post/requestBody/content/application~1json/schema`),
  };
}

/** What a validator that knows nothing of documents makes of a schema. */
export function checkSchema(schema: JsonObject): Check {
  return new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
}

export type DocumentChecks = Readonly<{ body: (path: string) => Check }>;

function schemasIn(value: JsonValue | undefined, pointer: string): readonly string[] {
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = `${pointer}/${escape(key)}`;
    if (key === "schema") return [at];
    if (at === "/components/schemas" && isJsonObject(inner)) {
      return Object.keys(inner).map((name) => `${at}/${escape(name)}`);
    }
    return schemasIn(inner, at);
  });
}

/** A part of a pointer in a URI. */
function escape(part: string): string {
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}
