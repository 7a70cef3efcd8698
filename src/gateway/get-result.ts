import { GatewayError } from "../core/errors.ts";
import { isJsonObject } from "../core/json.ts";
import type { RpcResponse } from "../core/json-rpc.ts";
import type { HouseResult, HouseTool, KeptState } from "./house-tool.ts";

const DEFAULT_WAIT_SECONDS = 20;
/** Well before any known client gives up the call. */
const MAX_WAIT_SECONDS = 50;

/**
 * Fetches the result of a call that went on without its client: for every client that does not know
 * the tasks extension. Listed where a backend is configured to detach its calls.
 */
export const GET_RESULT: HouseTool = {
  definition: {
    name: "get_result",
    title: "Get result",
    description:
      "Fetches the result of an earlier tool call that went on in the background and gave a handle. Waits a while for a call that is still running; call it again with the same handle until the result is there.",
    inputSchema: {
      type: "object",
      properties: {
        handle: { type: "string", description: "As the earlier call gave it" },
        wait_seconds: {
          type: "number",
          minimum: 0,
          maximum: MAX_WAIT_SECONDS,
          default: DEFAULT_WAIT_SECONDS,
          description: "How long to wait for a call that is still running",
        },
        cancel: { type: "boolean", default: false, description: "Stop the call instead" },
      },
      required: ["handle"],
    },
    annotations: { idempotentHint: true },
  },
  isIn: ({ backends }) => backends.some(({ detachAfterMs }) => detachAfterMs !== undefined),
  perform: async ({ args, kept, request }) => {
    const { handle, wait_seconds: wait = DEFAULT_WAIT_SECONDS, cancel = false } = args;
    if (typeof handle !== "string") {
      throw new GatewayError("invalid_params", 'Cannot get a result: "handle" is missing');
    }
    if (typeof wait !== "number" || !(wait >= 0 && wait <= MAX_WAIT_SECONDS)) {
      const wanted = `seconds from 0 to ${MAX_WAIT_SECONDS}`;
      throw new GatewayError(
        "invalid_params",
        `Cannot get a result: "wait_seconds" needs ${wanted}`,
      );
    }
    const state = await kept({ handle, waitMs: wait * 1_000, cancel: cancel === true });
    return toResult(state, handle, request.id);
  },
};

function toResult(state: KeptState, handle: string, id: RpcResponse["id"]): HouseResult {
  switch (state.kind) {
    case "unknown":
      throw new GatewayError("not_found", "Cannot get a result: the handle is unknown or too old");
    case "cancelled":
      return say(`"${state.tool}" was cancelled`, true);
    case "running": {
      const status = state.message === "" ? "" : `: ${state.message}`;
      return say(`"${state.tool}" is still running after ${state.seconds} s${status}`, false);
    }
    case "over":
      return asAnswered(state.text, handle, id);
    default:
      return state satisfies never;
  }
}

/** The result itself, as if it had come at once. */
function asAnswered(kept: string, handle: string, id: RpcResponse["id"]): HouseResult {
  const text = kept.replace(JSON.stringify(handle), () => JSON.stringify(id));
  const answered: unknown = JSON.parse(text);
  const error = isJsonObject(answered) ? answered["error"] : undefined;
  if (isJsonObject(error)) {
    const { message } = error;
    return say(typeof message === "string" ? message : "The call failed", true);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an answer that was given already
  return { kind: "answer", answer: { text, message: () => answered as RpcResponse } };
}

function say(text: string, isError: boolean): HouseResult {
  const content = [{ type: "text", text }];
  return { kind: "result", result: isError ? { content, isError } : { content } };
}
