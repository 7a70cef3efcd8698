import type { Caller } from "../auth/caller.ts";
import { isJsonObject } from "../core/json.ts";
import type { RpcRequest } from "../core/json-rpc.ts";
import { answerAlone } from "./answer-alone.ts";
import type { ClientMessage } from "./caller-stub.ts";
import type { Exchange } from "./exchange.ts";
import { failureReply } from "./mcp-errors.ts";
import type { Message } from "./message.ts";
import { META } from "../core/protocol-versions.ts";
import { jsonReply, type Reply } from "./reply.ts";
import { RpcFailure } from "./rpc-failure.ts";

/** Messages of one batch that run at the same time: six connections may wait per invocation. */
const BATCH_AT_ONCE = 5;

export type Batch = Readonly<{
  messages: readonly Message[];
  /** Takes what is no request. */
  hear: (message: ClientMessage) => Promise<void>;
}>;

/** Batches of 2024-11-05 and 2025-03-26; each request is judged by itself. */
export async function answerBatch(
  exchange: Exchange,
  caller: Caller,
  { messages, hear }: Batch,
): Promise<Response> {
  const replies: (Reply | undefined)[] = [];
  const queue = messages.entries();
  async function work(): Promise<void> {
    for (const [index, message] of queue) {
      switch (message.kind) {
        case "request":
          replies[index] = await answer(message.request);
          break;
        case "invalid":
          replies[index] = failureReply(message.id, message.failure);
          break;
        case "notification":
        case "response":
          await hear(message);
          break;
        default:
          message satisfies never;
      }
    }
  }
  async function answer(request: RpcRequest): Promise<Reply> {
    if (isModern(request)) return failureReply(request.id, NO_BATCH);
    return answerAlone(exchange, caller, request);
  }
  await Promise.all(Array.from({ length: BATCH_AT_ONCE }, work));
  const texts = replies.flatMap((reply) => reply?.text ?? []);
  if (texts.length === 0) return new Response(null, { status: 202 });
  return jsonReply({ text: `[${texts.join(",")}]`, status: 200 });
}

const NO_BATCH = new RpcFailure(400, -32600, "Invalid request: this revision has no batches");

function isModern({ params }: RpcRequest): boolean {
  const meta = params?.["_meta"];
  return isJsonObject(meta) && Object.hasOwn(meta, META.protocolVersion);
}
