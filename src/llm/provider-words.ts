import { isJsonObject, type JsonObject } from "../core/json.ts";

/** What a provider says went wrong, out of the shape it says it in. */
export type ProviderWords = Readonly<{
  message: string | undefined;
  /** A status of HTTP, where the body knows better than the answer it came in. */
  status: number | undefined;
  code: string | undefined;
  param: string | undefined;
}>;

/** The numbers of Workers AI's own errors, and what they would be over HTTP. */
const WORKERS_AI: ReadonlyMap<number, number> = new Map([
  [3006, 413],
  [3007, 408],
  [3008, 408],
  [3036, 429],
  [3040, 429],
  [3042, 404],
  [5007, 404],
  [5005, 405],
  [5019, 405],
]);

/**
 * OpenAI's `{error:{…}}`, Gemini's array of it, `{error:"…"}` of Ollama, `{object:"error"}` of vLLM
 * and Mistral, Cloudflare's `errors`. Undefined when it tells of no error.
 */
export function wordsOf(body: unknown): ProviderWords | undefined {
  if (Array.isArray(body)) return wordsOf(body[0]);
  if (!isJsonObject(body)) return undefined;
  const { error, errors } = body;
  if (typeof error === "string" && error !== "") return { ...NOTHING, message: error };
  if (Array.isArray(error) && error.length > 0) return fromCloudflare(error);
  if (isJsonObject(error)) return fromError(error);
  if (Array.isArray(errors) && errors.length > 0) return fromCloudflare(errors);
  return body["object"] === "error" ? fromError(body) : undefined;
}

/** The same where the status has told already: FastAPI's `detail` and a bare `message` count too. */
export function wordsOfRefusal(body: unknown): ProviderWords | undefined {
  const words = wordsOf(body);
  if (words !== undefined || !isJsonObject(body)) return words;
  if (body["detail"] !== undefined) return { ...NOTHING, message: textOf(body["detail"]) };
  return typeof body["message"] === "string" ? fromError(body) : undefined;
}

/** What a Workers AI binding throws begins with its number: "3040: Capacity temporarily exceeded". */
export function wordsOfBinding(thrown: unknown): ProviderWords {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const [, number] = /^\D{0,40}(\d{4}): /.exec(message) ?? [];
  return { ...NOTHING, message, status: WORKERS_AI.get(Number(number)) };
}

const NOTHING = { message: undefined, status: undefined, code: undefined, param: undefined };

function fromError(error: JsonObject): ProviderWords {
  const { message, code, param, status } = error;
  return {
    message: textOf(message),
    status: statusOf(code) ?? statusOf(status),
    code: typeof code === "string" ? code : undefined,
    param: typeof param === "string" ? param : undefined,
  };
}

function fromCloudflare(errors: readonly unknown[]): ProviderWords {
  const first: unknown = errors[0];
  if (!isJsonObject(first)) return { ...NOTHING, message: textOf(first) };
  const { code, message } = first;
  return {
    ...NOTHING,
    message: textOf(message),
    status: typeof code === "number" ? WORKERS_AI.get(code) : undefined,
  };
}

/** Mistral and FastAPI tell of each wrong field: `[{loc, msg}]`, bare or under `detail`. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  if (isJsonObject(value) && value["detail"] !== undefined) return textOf(value["detail"]);
  if (!Array.isArray(value))
    return value === undefined || value === null ? undefined : asJson(value);
  const lines = value.map((item: unknown) => {
    if (!isJsonObject(item) || typeof item["msg"] !== "string") return asJson(item);
    const { loc } = item;
    return Array.isArray(loc) ? `${loc.join(".")}: ${item["msg"]}` : item["msg"];
  });
  return lines.length === 0 ? undefined : lines.join("; ");
}

function asJson(value: unknown): string {
  return JSON.stringify(value) ?? "";
}

function statusOf(value: unknown): number | undefined {
  const status = typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : value;
  return typeof status === "number" && status >= 400 && status < 600 ? status : undefined;
}
