import { isFreeForm } from "../catalog/free-form.ts";
import type { BackendName } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { ALL } from "../gateway/gateway.ts";
import type { RestExchange } from "./rest-exchange.ts";

/**
 * The OpenAPI 3.1 document of what the caller sees of one backend, or of all. Throws `not_found`
 * for a backend the caller does not see, `backend_offline` for one that has not been listed yet.
 */
export async function restDocument(
  { gateway, caller, context, config }: RestExchange,
  backend: BackendName | undefined,
): Promise<JsonObject> {
  const scope = backend === undefined ? ALL : ({ kind: "one", backend } as const);
  const [description, tools] = await Promise.all([
    gateway.describe(caller, scope, context),
    gateway.tools(caller, scope, context),
  ]);
  const paths = tools.map((tool) => [
    `/${backend === undefined ? `${tool.backend}/` : ""}${encodeURIComponent(tool.ownName)}`,
    {
      post: {
        operationId: tool.name,
        requestBody: {
          required: !isFreeForm(tool.tool.inputSchema),
          content: { "application/json": { schema: tool.tool.inputSchema } },
        },
        responses: { 200: { description: "The result" } },
      },
    },
  ]);
  return {
    openapi: "3.1.0",
    info: { title: JSON.stringify(description.serverInfo["name"]), version: "1" },
    servers: [{ url: `${config.rootPath}${config.pathPrefix}${backend ?? ""}` }],
    paths: Object.fromEntries(paths) as JsonObject, // oxlint-disable-line typescript/no-unsafe-type-assertion
  };
}
