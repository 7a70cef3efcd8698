import { parseBackendName } from "../../src/config/backend-name.ts";
import { DEFAULT_OPENAPI, type OpenapiConfig } from "../../src/config/openapi-config.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { afterTimeout } from "../../src/core/patience.ts";
import { restDocument } from "../../src/openapi/rest-document.ts";
import { testCaller } from "./test-caller.ts";
import { visibleTool } from "./visible-tool.ts";

/** What a tool says besides its name. */
export type ToolWords = JsonObject & Readonly<{ inputSchema?: JsonObject; description?: string }>;

export type Describing = Readonly<{
  tools: Readonly<Record<string, ToolWords>>;
  serverInfo?: JsonObject;
  instructions?: string;
  capabilities?: JsonObject;
  config?: Partial<OpenapiConfig>;
  compat?: boolean;
}>;

/** The document of a backend `zoo` with these tools. */
export function describeTools(describing: Describing): Promise<JsonObject> {
  const { tools, serverInfo = { name: "zoo", version: "1" }, capabilities = {} } = describing;
  const { config = {}, compat = false, instructions } = describing;
  const visible = Object.entries(tools).map(([name, words]) => ({
    ...visibleTool("zoo", name, words),
    name,
  }));
  return restDocument(
    {
      gateway: {
        describe: () => Promise.resolve({ serverInfo, capabilities, instructions }),
        tools: () => Promise.resolve(visible),
        status: () => Promise.resolve([]),
      },
      caller: testCaller(),
      context: {
        signal: new AbortController().signal,
        after: afterTimeout,
        waitUntil: () => {},
        requestId: "request-1",
      },
      config: { ...DEFAULT_OPENAPI, ...config },
      compat,
    },
    parseBackendName("zoo"),
  );
}
