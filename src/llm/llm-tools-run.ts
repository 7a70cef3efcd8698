import { GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { completeChat } from "./llm-tools-chat.ts";
import type { LlmDesk } from "./llm-tools-desk.ts";
import { failedResult } from "./llm-tools-failure.ts";
import { listModels, listProviders, listTags } from "./llm-tools-lists.ts";

type Runner = Readonly<{
  /** What failed, as AnyGPT words it. */
  failure: string;
  run: (args: JsonObject, desk: LlmDesk) => Promise<JsonObject>;
}>;

const RUNNERS: ReadonlyMap<unknown, Runner> = new Map([
  ["chat_completion", { failure: "Chat completion failed", run: completeChat }],
  ["list_models", { failure: "Failed to list models", run: listModels }],
  [
    "list_providers",
    { failure: "Failed to list providers", run: (_, desk) => listProviders(desk) },
  ],
  ["list_tags", { failure: "Failed to list tags", run: listTags }],
] satisfies [string, Runner][]);

/** Undefined for a tool that is not here. What a provider did wrong is a result one can read. */
export async function runLlmTool(
  name: unknown,
  args: JsonObject,
  desk: LlmDesk,
): Promise<JsonObject | undefined> {
  const runner = RUNNERS.get(name);
  if (runner === undefined) return undefined;
  try {
    const structuredContent = await runner.run(args, desk);
    const text = JSON.stringify(structuredContent, null, 2);
    return { content: [{ type: "text", text }], structuredContent, isError: false };
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code === "cancelled") throw error;
    return failedResult(runner.failure, error);
  }
}
