import { publishArguments } from "../catalog/arguments-schema.ts";
import { isPlainValue } from "../catalog/modern-schema.ts";
import { publishSchema, type PublishedSchema, type Room } from "../catalog/schema-publisher.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { VisibleTool } from "../gateway/gateway.ts";
import { anyResult, failures } from "./document-parts.ts";
import { type Naming, operationIdOf, summaryOf } from "./operation-names.ts";
import { exampleOf } from "./schema-examples.ts";

export type Operation = Readonly<{
  operation: JsonObject;
  components: PublishedSchema["components"];
}>;

/**
 * One tool as an operation. `components` are the names taken in the document, and `room` is what the
 * backend may have there for its references.
 */
export function toolOperation(
  visible: VisibleTool,
  { naming, components, room }: Readonly<{ naming: Naming; components: Set<string>; room: Room }>,
): Operation {
  const { isWhole, compat } = naming;
  const { tool, backend } = visible;
  const operationId = operationIdOf(visible, naming);
  const input = publishArguments(tool.inputSchema, {
    prefix: operationId,
    taken: components,
    room,
  });
  const names = { prefix: `${operationId}_result`, taken: components, room };
  const output = publishOutput(tool, names);
  const { description } = tool;
  return {
    operation: {
      ...(isWhole ? { tags: [backend] } : {}),
      summary: summaryOf(visible, compat),
      ...(typeof description === "string" ? { description } : {}),
      operationId,
      ...requestBody(input.schema),
      responses: { 200: result(output?.schema, compat), ...failures(compat) },
      ...extensions(tool),
    },
    components: [...input.components, ...(output?.components ?? [])],
  };
}

function publishOutput(
  { outputSchema }: JsonObject,
  names: Parameters<typeof publishSchema>[1],
): PublishedSchema | undefined {
  return isJsonObject(outputSchema) ? publishSchema(outputSchema, names) : undefined;
}

/** Declared only where there is something to send: Open WebUI 0.6 refuses to call without it. */
function requestBody(schema: JsonObject): JsonObject {
  const { properties, required } = schema;
  if (!isJsonObject(properties) || Object.keys(properties).length === 0) return {};
  return {
    requestBody: {
      required: Array.isArray(required) && required.length > 0,
      content: { "application/json": { schema, ...exampleOf(schema) } },
    },
  };
}

function result(schema: JsonObject | undefined, compat: boolean): JsonObject {
  const description = "Successful Response";
  if (schema === undefined) return { description, content: anyResult(compat) };
  const told = compat ? { anyOf: [schema, {}] } : schema;
  return {
    description,
    content: { "application/json": { schema: told, ...exampleOf(schema) } },
  };
}

/** What a tool says of itself that OpenAPI has no word for. */
function extensions({ annotations, icons, _meta }: JsonObject): JsonObject {
  const told: JsonObject = {
    ...(isJsonObject(annotations) ? { "x-mcp-annotations": annotations } : {}),
    ...(Array.isArray(icons) && icons.length > 0 ? { "x-mcp-icons": icons } : {}),
    ...(isJsonObject(_meta) ? { "x-mcp-meta": _meta } : {}),
  };
  return Object.fromEntries(
    Object.entries(told).filter(([, value]) => value !== undefined && isPlainValue(value)),
  );
}
