import { HOP_HEADER } from "../core/hop.ts";
import { readBoundedText } from "../core/bounded-read.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { type Blame, type Fetch, followWithinOrigin, isRedirect } from "../core/outbound.ts";
import { type Trace, withTraceHeaders } from "../telemetry/trace-context.ts";
import type { Tried } from "./attempt.ts";
import { ProviderError } from "./provider-error.ts";
import { refusalOf } from "./provider-refusal.ts";
import type { ProviderTarget } from "./provider-target.ts";
import { type ProviderWords, wordsOf, wordsOfRefusal } from "./provider-words.ts";

/** An error is a few lines; more of it is a page. */
const MAX_REFUSAL_BYTES = 65_536;
/** Some say 200 and then tell of an error; none needs more words for it. */
const MAX_ERROR_CHARS = 32_768;

export type Question = Readonly<{
  target: ProviderTarget;
  /** Undefined: a GET. */
  body: JsonObject | undefined;
  blame: Blame;
  /** What stands in `body`, for a refusal that is about one of them. */
  tools: readonly JsonObject[];
  /** An answer of JSON is read whole up to here; undefined: it is passed on as it comes. */
  maxBytes: number | undefined;
  hopId: string | undefined;
  trace?: Trace | undefined;
  now: () => number;
}>;

/** One request over HTTP. */
export async function askOverHttp(
  question: Question,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<Tried<Response>> {
  const { target, body, blame, hopId, trace } = question;
  const init: RequestInit = {
    method: body === undefined ? "GET" : "POST",
    headers: {
      accept: "application/json, text/event-stream",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(hopId === undefined ? {} : { [HOP_HEADER]: hopId }),
      ...(trace === undefined ? {} : Object.fromEntries(withTraceHeaders(undefined, trace))),
      ...target.headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: "manual",
    signal,
  };
  let response: Response;
  try {
    response = await fetch(target.url, init);
  } catch (cause) {
    return unreachable(cause, blame);
  }
  if (isRedirect(response.status)) {
    response = await followWithinOrigin(response, (url) => fetch(url, init), {
      url: target.url,
      blame,
    });
  }
  return readAnswer(response, question);
}

export type ExpectedAnswer = Pick<Question, "blame" | "tools" | "maxBytes" | "now"> &
  Readonly<{ target: ProviderTarget | undefined }>;

/**
 * What a provider answers, an error of any kind told apart. JSON is read whole, because it may be an
 * error that says 200.
 */
export async function readAnswer(
  response: Response,
  { target, blame, tools, maxBytes, now }: ExpectedAnswer,
): Promise<Tried<Response>> {
  const { status, headers } = response;
  const type = headers.get("content-type")?.toLowerCase() ?? "";
  const refused = { status, headers, target, blame, tools, now };
  if (!response.ok) {
    return refusalOf({ ...refused, words: wordsOfRefusal(parseJson(await readRefusal(response))) });
  }
  if (type.includes("text/html")) {
    await response.body?.cancel().catch(() => {}); // nothing of it is needed
    return { kind: "failed", again: false, error: notAnApi(blame) };
  }
  if (maxBytes === undefined || !type.includes("json")) return { kind: "done", value: response };
  let text: string;
  try {
    text = await readBoundedText(response, maxBytes, "an answer");
  } catch (cause) {
    return { kind: "failed", again: false, error: broken(cause, blame) };
  }
  const words = text.length <= MAX_ERROR_CHARS ? errorIn(text) : undefined;
  if (words !== undefined) return refusalOf({ ...refused, status: 502, words });
  return { kind: "done", value: new Response(text, { status, headers: { "content-type": type } }) };
}

export function unreachable(
  cause: unknown,
  { action, backend }: Blame,
): Extract<Tried<never>, { kind: "failed" }> {
  const error = new ProviderError(
    "backend_unavailable",
    `Cannot ${action}: provider "${backend}" could not be reached`,
    { cause },
  );
  return { kind: "failed", error, again: true };
}

/** It has begun to answer, so that it may have done the work: no other try. */
function broken(cause: unknown, { action, backend }: Blame): ProviderError {
  const isTooLarge = cause instanceof GatewayError && cause.code === "too_large";
  return new ProviderError(
    "backend_failed",
    `Cannot ${action}: provider "${backend}" ${isTooLarge ? "answered with more than can be read" : "broke off in the middle of its answer"}`,
    { cause },
  );
}

function notAnApi({ action, backend }: Blame): ProviderError {
  return new ProviderError(
    "backend_failed",
    `Cannot ${action}: provider "${backend}" answered with a web page: is its address that of an API`,
  );
}

/** The words of an answer that is nothing but an error. */
function errorIn(text: string): ProviderWords | undefined {
  if (!text.includes('"error')) return undefined;
  const body = parseJson(text);
  return isJsonObject(body) && ("choices" in body || "data" in body) ? undefined : wordsOf(body);
}

async function readRefusal(response: Response): Promise<string> {
  try {
    return await readBoundedText(response, MAX_REFUSAL_BYTES, "an error of a provider");
  } catch {
    return ""; // the status is enough
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
