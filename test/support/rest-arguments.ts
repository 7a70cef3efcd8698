import { GatewayError } from "../../src/core/errors.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { afterTimeout } from "../../src/core/patience.ts";
import { ArgumentsRefused } from "../../src/openapi/arguments-refused.ts";
import { readArguments } from "../../src/openapi/read-arguments.ts";
import { visibleTool } from "./visible-tool.ts";

const JSON_TYPE = "application/json";

export type Sent = { compat?: boolean; type?: string | null };

/** The arguments that a backend gets of a body, as JSON. */
export async function passed(
  inputSchema: JsonObject,
  body: string | null,
  { compat = false, type = JSON_TYPE }: Sent = {},
): Promise<string> {
  const args = await readArguments(
    {
      request: new Request("https://gateway.test/b/t", {
        method: "POST",
        body: body === null ? null : new TextEncoder().encode(body),
        headers: type === null ? {} : { "content-type": type },
      }),
      context: {
        signal: new AbortController().signal,
        after: afterTimeout,
        waitUntil: () => {},
        requestId: "r1",
      },
      compat,
    },
    visibleTool("b", "t", { inputSchema }),
  );
  return JSON.stringify(args);
}

/** What the caller is told instead: the problems of arguments, or code and message. */
export async function refusal(...sent: Parameters<typeof passed>): Promise<unknown> {
  const error: unknown = await passed(...sent).catch((thrown: unknown) => thrown);
  if (error instanceof ArgumentsRefused) return error.problems;
  return error instanceof GatewayError ? [error.code, error.message] : error;
}
