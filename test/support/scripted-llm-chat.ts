import type { ServerResponse } from "node:http";
import * as z from "zod";
import { CHAT_REQUEST, type ChatRequest, offeredNames } from "./scripted-llm-ask.ts";
import { type Answer, answerTo, type Failure } from "./scripted-llm-brain.ts";
import { ChatWire } from "./scripted-llm-chunks.ts";
import type { RecordedRequest } from "./scripted-llm-log.ts";
import { NativeWire } from "./scripted-llm-native.ts";
import type { Personality } from "./scripted-llm-personalities.ts";
import { type Fault, refusalOf } from "./scripted-llm-refusals.ts";
import { pause, writeAll } from "./scripted-llm-write.ts";

export type ChatExchange = Readonly<{
  response: ServerResponse;
  record: RecordedRequest;
  personality: Personality;
  /** Chat requests of this key so far, this one included. */
  attempt: number;
  /** Where the path names the model. */
  model: string | undefined;
}>;

export async function answerChat(exchange: ChatExchange): Promise<void> {
  const { response, record, personality, attempt } = exchange;
  const read = readRequest(record.body);
  if (read === undefined) {
    sendFault(exchange, {
      status: 400,
      message: "We could not parse the JSON body of your request.",
    });
    return;
  }
  const request = exchange.model === undefined ? read : { ...read, model: exchange.model };
  if (request.model?.startsWith("missing") === true) {
    sendFault(exchange, missingModel(request.model));
    return;
  }
  const refusal = refusalOf(request, personality.rules);
  if (refusal !== undefined) {
    sendFault(exchange, refusal);
    return;
  }
  const answer = answerTo(request, { attempt, obeysChoice: personality.obeysChoice });
  if (answer.failure?.what === "hang") return;
  await pause(response, answer.headMs);
  if (response.destroyed) return;
  if (answer.failure !== undefined) {
    await fail(exchange, { failure: answer.failure, request });
    return;
  }
  await (request.stream === true ? sendStream : sendWhole)(exchange, { answer, request });
}

/** Workers AI's run form has a prompt, or messages without the rest. */
function readRequest(body: unknown): ChatRequest | undefined {
  const chat = CHAT_REQUEST.safeParse(body);
  if (chat.success) return chat.data;
  const prompt = z.looseObject({ prompt: z.string() }).safeParse(body);
  if (!prompt.success) return undefined;
  return {
    ...prompt.data,
    messages: [{ role: "user", content: prompt.data.prompt }],
  };
}

export function missingModel(model: string): Fault {
  return {
    status: 404,
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
    code: "model_not_found",
    param: "model",
  };
}

type Answered = Readonly<{ answer: Answer; request: ChatRequest }>;

async function sendStream(exchange: ChatExchange, { answer, request }: Answered): Promise<void> {
  const { response, personality, record } = exchange;
  const wire = personality.native
    ? new NativeWire(answer, personality.errorChunk)
    : new ChatWire(request, answer, personality);
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    ...personality.headers,
  });
  response.flushHeaders();
  await writeAll(response, wire.stream(), {
    pauseMs: answer.pauseMs,
    shred: answer.shred,
    crlf: answer.flags.has("CRLF"),
    record,
  });
}

async function sendWhole(exchange: ChatExchange, { answer, request }: Answered): Promise<void> {
  const { response, personality, record } = exchange;
  const broken = answer.pieces.find((piece) => piece.kind === "break");
  if (broken?.how === "chunk") {
    sendJson(
      exchange,
      200,
      personality.errorBody({
        status: 502,
        message: broken.text || "scripted error",
        type: "server_error",
      }),
    );
    return;
  }
  const wire = personality.native
    ? new NativeWire(answer, personality.errorChunk)
    : new ChatWire(request, answer, personality);
  const run = personality.native && record.path.includes("/run/");
  const body = run ? { result: wire.body(), success: true, errors: [], messages: [] } : wire.body();
  if (broken?.how !== "cut" && broken?.how !== "stall" && broken?.how !== "badjson") {
    sendJson(exchange, 200, body);
    return;
  }
  const half = JSON.stringify(body).slice(0, -10);
  response.writeHead(200, { "content-type": "application/json", ...personality.headers });
  const end = broken.how === "badjson" ? "close" : broken.how;
  await writeAll(response, [half, { end }], { pauseMs: 0, shred: undefined, crlf: false, record });
}

const FAULT_DETAIL = z.looseObject({
  message: z.string().optional(),
  type: z.string().optional(),
  code: z.string().nullable().optional(),
  param: z.string().nullable().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.unknown().optional(),
});

const HTML =
  "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";

async function fail(
  exchange: ChatExchange,
  { failure, request }: Readonly<{ failure: Failure; request: ChatRequest }>,
): Promise<void> {
  const { response, personality, record } = exchange;
  switch (failure.what) {
    case "html":
      record.sent = HTML.length;
      response.writeHead(502, { "content-type": "text/html" }).end(HTML);
      return;
    case "refuse":
      record.broken = true;
      response.socket?.resetAndDestroy();
      return;
    case "body200":
      sendJson(
        exchange,
        200,
        personality.errorBody({
          status: 502,
          message: failure.detail || "scripted error",
          type: "server_error",
        }),
      );
      return;
    case "reject": {
      const place = offeredNames(request).indexOf(failure.detail);
      const param = `tools[${place}].function.parameters`;
      sendFault(exchange, {
        status: 400,
        message: `Invalid schema for function '${failure.detail}': scripted refusal of '${param}'.`,
        code: "invalid_function_parameters",
        param,
      });
      return;
    }
    default: {
      const detail = FAULT_DETAIL.parse(failure.detail === "" ? {} : JSON.parse(failure.detail));
      const status = Number(failure.what);
      sendFault(exchange, {
        message: `scripted ${status}`,
        type: typeFor(status),
        ...withoutUndefined(detail),
        status,
      });
    }
  }
}

function typeFor(status: number): string {
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

function withoutUndefined(detail: z.infer<typeof FAULT_DETAIL>): Partial<Fault> {
  return Object.fromEntries(Object.entries(detail).filter(([, value]) => value !== undefined));
}

export function sendFault(
  exchange: Pick<ChatExchange, "response" | "personality" | "record">,
  fault: Fault,
): void {
  const body = fault.body ?? exchange.personality.errorBody(fault);
  sendJson(exchange, fault.status, body, fault.headers);
}

export function sendJson(
  { response, personality, record }: Pick<ChatExchange, "response" | "personality" | "record">,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  record.sent += Buffer.byteLength(text);
  response
    .writeHead(status, { "content-type": "application/json", ...personality.headers, ...headers })
    .end(text);
}
