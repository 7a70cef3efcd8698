import { isJsonObject, type JsonObject } from "../core/json.ts";
import {
  RPC_CODES,
  type RequestId,
  type RpcNotification,
  type RpcRequest,
} from "../core/json-rpc.ts";
import { BATCH_LIMIT } from "../core/protocol-versions.ts";
import { RpcFailure } from "./rpc-failure.ts";

export type Message =
  | Readonly<{ kind: "request"; request: RpcRequest }>
  | Readonly<{ kind: "notification"; notification: RpcNotification }>
  /** An answer to a question; outside of a session nothing was asked, so it is dropped. */
  | Readonly<{ kind: "response"; response: JsonObject }>
  | Readonly<{ kind: "invalid"; id: RequestId | null; failure: RpcFailure }>;

export type Body = Readonly<{ batch: boolean; messages: readonly Message[] }>;

/** Throws RpcFailure for what is not JSON-RPC at all. */
export function parseBody(text: string): Body {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new RpcFailure(400, RPC_CODES.parseError, "Parse error: the body is not JSON");
  }
  if (!Array.isArray(body)) {
    const message = parseMessage(body);
    if (message.kind === "invalid") throw new WithId(message.failure, message.id);
    return { batch: false, messages: [message] };
  }
  if (body.length === 0) throw invalid("the batch is empty");
  if (body.length > BATCH_LIMIT) {
    throw invalid(`the batch has ${body.length} messages, wanted at most ${BATCH_LIMIT}`);
  }
  return { batch: true, messages: body.map(parseMessage) };
}

/** An invalid single message whose id could be read: the answer carries it. */
export class WithId extends RpcFailure {
  readonly id: RequestId | null;

  constructor(failure: RpcFailure, id: RequestId | null) {
    super(failure.status, failure.code, failure.message, failure.data);
    this.id = id;
  }
}

function parseMessage(value: unknown): Message {
  if (!isJsonObject(value)) return refuse(null, "a message is not an object");
  const id = value["id"];
  const readable = isRequestId(id) ? id : null;
  if (value["jsonrpc"] !== "2.0") return refuse(readable, '"jsonrpc" is not "2.0"');
  const method = value["method"];
  if (method === undefined && (value["result"] !== undefined || value["error"] !== undefined)) {
    return { kind: "response", response: value };
  }
  if (typeof method !== "string") return refuse(readable, '"method" is not a string');
  const params = value["params"];
  if (params !== undefined && !isJsonObject(params))
    return refuse(readable, '"params" is not an object');
  if (id === undefined)
    return { kind: "notification", notification: notificationOf(method, params) };
  if (!isRequestId(id)) return refuse(null, '"id" is not a string or an integer');
  return {
    kind: "request",
    request: { jsonrpc: "2.0", id, method, ...(params === undefined ? {} : { params }) },
  };
}

function notificationOf(method: string, params: JsonObject | undefined): RpcNotification {
  return { jsonrpc: "2.0", method, ...(params === undefined ? {} : { params }) };
}

/** MCP basic/messages: ids are strings or integers, never null. */
function isRequestId(id: unknown): id is RequestId {
  return typeof id === "string" || Number.isInteger(id);
}

function refuse(id: RequestId | null, reason: string): Message {
  return { kind: "invalid", id, failure: invalid(reason) };
}

function invalid(reason: string): RpcFailure {
  return new RpcFailure(400, RPC_CODES.invalidRequest, `Invalid request: ${reason}`);
}
