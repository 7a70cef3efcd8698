import type { CallSignal } from "../core/call-signal.ts";
import type { JsonObject } from "../core/json.ts";
import type { RpcNotification } from "../core/json-rpc.ts";
import { type After, afterTimeout } from "../core/patience.ts";
import type { LanguageModels } from "../llm/language-models.ts";
import type { TellProgress } from "../llm/llm-tools-progress.ts";
import { runLlmTool } from "../llm/llm-tools-run.ts";

export type LlmAccess = Readonly<{
  models: LanguageModels;
  /** Whether the caller may use a model, by its id or alias. */
  mayUse: (id: string) => boolean;
  /** The caller's own, before the configured one. */
  defaultModel: string | undefined;
  requestId: string;
}>;

export type LlmIo = Readonly<{
  /** The language models, and who asks them. */
  llm?: LlmAccess;
  /** Aborts when the caller gives up. */
  signal: CallSignal;
  after?: After;
  waitUntil: (work: Promise<unknown>) => void;
  notify?: (notification: RpcNotification) => void;
  now: () => number;
}>;

/** Language models as tools of a backend: its calls pass policy, limits and audit like any other. */
export function callLlm(
  { name, args, meta }: Readonly<{ name: unknown; args: JsonObject; meta: JsonObject }>,
  { llm, signal, after = afterTimeout, waitUntil, notify, now }: LlmIo,
): Promise<JsonObject | undefined> {
  if (llm === undefined) throw new TypeError("the built-in server llm needs io.llm");
  const { models, mayUse, defaultModel, requestId } = llm;
  return runLlmTool(name, args, {
    models,
    mayUse,
    defaultModel,
    context: { signal, after, waitUntil, requestId },
    onProgress: notify === undefined ? undefined : progressTo(notify, meta["progressToken"]),
    now,
  });
}

/** Undefined where the client gave no token: it does not want to hear (MCP, progress). */
function progressTo(
  notify: (notification: RpcNotification) => void,
  token: unknown,
): TellProgress | undefined {
  if (typeof token !== "string" && typeof token !== "number") return undefined;
  return (progress, message) =>
    notify({
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: { progressToken: token, progress, message },
    });
}
