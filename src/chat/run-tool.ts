import type { Caller } from "../auth/caller.ts";
import { GiveUp } from "../core/call-signal.ts";
import { asGatewayError } from "../core/errors.ts";
import { isJsonObject } from "../core/json.ts";
import type { RpcNotification } from "../core/json-rpc.ts";
import type { CallContext, Gateway, Scope } from "../gateway/gateway.ts";
import type { ChatSink, ToolOutcome, ToolRun } from "./chat-event.ts";
import { errorText } from "./tool-error.ts";
import { toModelResult, type ModelResult } from "./tool-result.ts";

export type ToolIo = Readonly<{
  gateway: Gateway;
  caller: Caller;
  scope: Scope;
  context: CallContext;
  sink: ChatSink;
  /** Milliseconds. */
  timeoutMs: number;
  maxResultChars: number;
  /** Whether the model can be shown pictures. */
  images: boolean;
  now: () => number;
}>;

/** A progress message becomes one line of somebody's screen. */
const MAX_MESSAGE = 200;

/** Runs one call in the caller's name and tells of it. Fails only when the caller has left. */
export async function runTool(run: ToolRun, io: ToolIo): Promise<ModelResult> {
  await io.sink([{ kind: "tool_started", run }]);
  const started = io.now();
  const result = await callTool(run, io);
  const ms = io.now() - started;
  await io.sink([{ kind: "tool_ended", run, outcome: result.outcome, text: result.text, ms }]);
  return result;
}

async function callTool(
  run: ToolRun,
  io: ToolIo,
): Promise<ModelResult & { readonly outcome: ToolOutcome }> {
  const { signal, after } = io.context;
  const stop = new GiveUp();
  let isLate = false;
  const onLeft = (): void => stop.abort();
  signal.addEventListener("abort", onLeft);
  if (signal.aborted) stop.abort();
  const inTime = after(Math.max(1, io.timeoutMs), () => {
    isLate = true;
    stop.abort();
  });
  try {
    const work = io.gateway.forward(
      io.caller,
      {
        method: "tools/call",
        scope: io.scope,
        id: run.id,
        params: {
          name: run.tool.name,
          arguments: run.arguments,
          _meta: { progressToken: run.id },
        },
        approved: true, // the loop has asked, where it had to
        notify: (notification) => tellProgress(run, notification, io.sink),
      },
      { ...io.context, signal: stop },
    );
    // workerd drops everything of a request whose client has left; the backend is to be told first.
    io.context.waitUntil(work.catch(() => {}));
    const message = (await work).message();
    if (!("result" in message)) {
      return { text: errorText(message.error), images: [], isError: true, outcome: "failed" };
    }
    const { maxResultChars: maxChars, images } = io;
    const result = toModelResult(message.result, { maxChars, images });
    return { ...result, outcome: result.isError ? "tool_error" : "ok" };
  } catch (thrown) {
    const error = asGatewayError(thrown);
    if (signal.aborted) throw error;
    const text = isLate
      ? `Error: "${run.tool.name}" did not answer within ${Math.round(io.timeoutMs / 1_000)} s`
      : errorText(error);
    return { text, images: [], isError: true, outcome: "failed" };
  } finally {
    inTime();
    signal.removeEventListener("abort", onLeft);
  }
}

/** Not waited for: what a backend says of its progress must not slow the call itself. */
function tellProgress(run: ToolRun, { method, params }: RpcNotification, sink: ChatSink): void {
  if (method !== "notifications/progress" || !isJsonObject(params)) return;
  const { message, progress, total } = params;
  const share =
    typeof progress === "number" && typeof total === "number" && total > 0
      ? `${Math.round((100 * progress) / total)} %`
      : "";
  const said = typeof message === "string" ? message.replaceAll(/\s+/g, " ").trim() : "";
  const line = [share, said].filter((part) => part !== "").join(" ");
  if (line === "") return;
  const told = sink([{ kind: "tool_progress", run, message: line.slice(0, MAX_MESSAGE) }]);
  if (told instanceof Promise) told.catch(() => {}); // the answer itself finds out
}
