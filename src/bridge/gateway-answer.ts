import type { IncomingMessage } from "node:http";
import { createParser } from "eventsource-parser";
import { NoAnswer, STDIO_CODES } from "./stdio-errors.ts";

/** The gateway's own limit for one answer is 8 MiB; a batch of them may be more. */
const MAX_TEXT = 64 * 1024 * 1024;

export type AnswerReader = Readonly<{
  /** One message, or one batch. The stream is read on when it has been taken. */
  onText: (text: string) => Promise<void> | void;
  /** Undefined where what was read belongs to no stream one can come back to. */
  onId?: (id: string) => void;
  onRetry?: (ms: number) => void;
}>;

/** Reads an answer to its end. Throws what breaks it, and `NoAnswer` for what cannot be read. */
export async function readAnswer(response: IncomingMessage, on: AnswerReader): Promise<void> {
  response.setEncoding("utf8");
  const type = response.headers["content-type"] ?? "";
  if (type.startsWith("text/event-stream")) return readEvents(response, on);
  const text = await readText(response);
  if (/^application\/(?:[\w.-]+\+)?json/.test(type)) {
    if (text.trim() !== "") await on.onText(text);
    return;
  }
  if (!isOk(response)) throw asRefusal(response);
}

/** Why an answer is none. */
export function asRefusal({ statusCode, headers }: IncomingMessage): NoAnswer {
  if (statusCode === 403) {
    return new NoAnswer(
      STDIO_CODES.credential,
      "Cannot ask the gateway: this key or login may not use it",
    );
  }
  const to = headers["location"];
  const reason =
    to === undefined
      ? `it answered with status ${statusCode}`
      : `it says it is at ${originOf(to)}, change GATEWAY_URL`;
  return new NoAnswer(STDIO_CODES.network, `Cannot ask the gateway: ${reason}`);
}

export function isOk({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

async function readEvents(response: IncomingMessage, on: AnswerReader): Promise<void> {
  const texts: string[] = [];
  let isTooLong = false;
  const parser = createParser({
    maxBufferSize: MAX_TEXT,
    onEvent: ({ event, data }) => {
      if (data !== "" && (event === undefined || event === "message")) texts.push(data);
    },
    onId: (id) => on.onId?.(id),
    onRetry: (ms) => on.onRetry?.(ms),
    onError: ({ type }) => {
      isTooLong ||= type === "max-buffer-size-exceeded";
    },
  });
  for await (const chunk of response) {
    parser.feed(String(chunk));
    if (isTooLong) throw tooLong();
    for (const text of texts.splice(0)) await on.onText(text);
  }
}

/** By its events: most answers are one small piece, and an iterator costs more than reading it. */
function readText(response: IncomingMessage): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  response
    .on("data", (chunk: string) => {
      text += chunk;
      if (text.length > MAX_TEXT) response.destroy(tooLong());
    })
    .once("end", () => resolve(text))
    .once("error", reject)
    .once("close", () => reject(new Error("the connection broke")));
  return promise;
}

function tooLong(): NoAnswer {
  return new NoAnswer(
    STDIO_CODES.network,
    `Cannot read the answer of the gateway: it is longer than ${MAX_TEXT / 1024 / 1024} MiB`,
  );
}

function originOf(location: string): string {
  return URL.parse(location)?.origin ?? "another address";
}
