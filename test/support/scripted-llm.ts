import type { IncomingMessage, ServerResponse } from "node:http";
import { bodyOf, listenOnLoopback } from "./loopback-server.ts";
import { answerChat, missingModel, sendFault, sendJson } from "./scripted-llm-chat.ts";
import { embeddingsOf, modelList } from "./scripted-llm-lists.ts";
import { type Awaited, type RecordedRequest, RequestLog } from "./scripted-llm-log.ts";
import { PERSONALITIES, type Personality } from "./scripted-llm-personalities.ts";

/**
 * A provider of language models that does what it is told, in the dialect of any provider: real
 * HTTP at `{url}/{personality}/{key}/v1`, so that a test inside workerd reaches it too. `key` keeps
 * the requests of one test from another's.
 *
 * The script is the text of the last user message; a user message right after a tool message that
 * holds no command is passed over. One command per line; other lines say nothing once there is one.
 * `{{results}}` stands for the texts of all tool messages since the script, `{{round}}` for the
 * rounds of tools so far; `\n` and `\r` are escapes. Round r uses the r-th part of the script:
 *
 * - `THEN` begins the next part. After the last: `Result: {{results}}`.
 * - `SAY text`, `MIX text`: text, a delta per word, before or after calls. `THINK text`: reasoning.
 * - `CALL name {json}`: all of a part are parallel; need not be offered.
 * - `LOOP [n]`: the last part with calls again and again, n rounds in all.
 * - `CHUNKS n size [perWrite]`, `BIG n`: much text in many deltas, or in one.
 * - `STAMP [n]`: deltas that say when they are written: `@` and the milliseconds since 1970.
 * - `ECHO`: says `{messages: [{role, text, calls?, tool_call_id?, name?, keys}], tools, tool_choice,
 *   params}` of what it received.
 * - `RAW {delta}`, `RAWCHUNK {chunk}`, `RAWTEXT bytes`: verbatim.
 * - `FINISH reason`: in place of `stop` or `tool_calls`.
 * - `PAUSE ms` here, `SLOW ms` before each write, `TTFB ms` before the head.
 * - `ERR what [detail]`: a status with `{message, type, code, param, headers, body}`, or `html`,
 *   `body200`, `refuse`, `hang`; or at this place of the answer `chunk`, `cut`, `nofinish`, `stall`,
 *   `badjson`. `ERRONCE what n [detail]`: only for the first n chat requests of this key.
 * - `REJECT name`: 400 while this function is offered.
 *
 * Of the whole script, wherever it stands: `NOUSAGE`, `NODONE`, `SHRED n` (writes of n bytes),
 * `ARGS split|string|whole|object|bad|empty`, `REPEATID`, `EMPTYID`, `SAMEID`, `NOID`, `NOINDEX`,
 * `INTERLEAVE`, `UPPER`, `CRLF`.
 *
 * Without a command: `### Task:` is answered with Open WebUI's JSON; after tools `Result: …`; a
 * function whose name occurs in the text is called with `{}`; else `You said: …`. `tool_choice` is
 * obeyed to the letter, after results as well: `required` and named calls never end.
 */
export type ScriptedLlm = Readonly<{
  url: string;
  close: () => Promise<void>;
  /** What has arrived under a key, at any personality. */
  requests: (key: string) => readonly RecordedRequest[];
  /** The same, once there are so many; rejects after five seconds. */
  arrived: (key: string, count: number) => Promise<readonly RecordedRequest[]>;
  /** Those whose asker left before the end, once there are so many. */
  abandoned: (key: string, count?: number) => Promise<readonly RecordedRequest[]>;
}>;

export const SCRIPTED_KEY = "scripted-key";
const PATIENCE_MS = 5_000;

export async function startScriptedLlm(): Promise<ScriptedLlm> {
  const log = new RequestLog();
  const attempts = new Map<string, number>();
  const fixture = await listenOnLoopback(
    (request, response) => serve({ request, response, log, attempts }),
    {
      path: "",
    },
  );
  const wait = (key: string, what: Awaited, count: number): Promise<RecordedRequest[]> =>
    log.wait(key, { what, count, withinMs: PATIENCE_MS });
  return {
    url: fixture.url,
    close: fixture.close,
    requests: (key) => log.of(key),
    arrived: (key, count) => wait(key, "arrived", count),
    abandoned: (key, count = 1) => wait(key, "abandoned", count),
  };
}

type Exchange = Readonly<{
  request: IncomingMessage;
  response: ServerResponse;
  log: RequestLog;
  attempts: Map<string, number>;
}>;

async function serve({ request, response, log, attempts }: Exchange): Promise<void> {
  const url = new URL(request.url ?? "/", "http://scripted");
  const [, name = "", key = ""] = url.pathname.split("/");
  const personality = PERSONALITIES[name];
  if (personality === undefined) {
    response
      .writeHead(404)
      .end(`Cannot play "${name}": there is ${Object.keys(PERSONALITIES).join(", ")}`);
    return;
  }
  if (url.pathname.endsWith("/__reqs")) {
    if (request.method === "DELETE") {
      log.clear(key);
      attempts.delete(key);
    }
    await tellRequests({ response, log, key, query: url.searchParams });
    return;
  }
  const record: RecordedRequest = {
    personality: name,
    method: request.method ?? "",
    path: `${url.pathname.slice(`/${name}/${key}`.length)}${url.search}`,
    headers: request.headers,
    body: readBody(await bodyOf(request)),
    at: Date.now(),
    abandoned: false,
    broken: false,
    sent: 0,
  };
  response.on("close", () => {
    record.abandoned = !response.writableFinished && !record.broken;
    log.changed();
  });
  log.add(key, record);
  const known = { response, record, personality };
  if (!mayAsk(request, personality)) {
    const message = "Incorrect API key provided: scri****. You can find your API key elsewhere.";
    sendFault(known, { status: 401, message, code: "invalid_api_key" });
    return;
  }
  const run = /\/run\/(.+)$/.exec(url.pathname)?.[1];
  if (url.pathname.endsWith("/chat/completions") || run !== undefined) {
    const deployed = /\/deployments\/([^/]+)\/chat\/completions$/.exec(url.pathname)?.[1];
    if (deployed !== undefined && !url.searchParams.has("api-version")) {
      sendFault(known, { status: 404, message: "Resource not found", code: "404" });
      return;
    }
    const attempt = (attempts.get(key) ?? 0) + 1;
    attempts.set(key, attempt);
    await answerChat({ ...known, attempt, model: run ?? deployed });
    return;
  }
  await answerRest({ ...known, path: url.pathname, key });
}

type Rest = Readonly<{
  response: ServerResponse;
  record: RecordedRequest;
  personality: Personality;
  path: string;
  key: string;
}>;

/** Keys with `models500` or `modelshang` in them cannot list, those with `modelsmany` too much. */
async function answerRest(rest: Rest): Promise<void> {
  const { path, key, personality, record } = rest;
  const models = modelList(personality, key.includes("modelsmany") ? 3_000 : 0);
  if (path.endsWith("/embeddings")) {
    const embedded = embeddingsOf(record.body);
    if (embedded === undefined) sendFault(rest, { status: 400, message: "'input' is required." });
    else sendJson(rest, 200, embedded);
    return;
  }
  if (path.endsWith("/models")) {
    if (key.includes("modelshang")) return;
    if (key.includes("models500")) sendFault(rest, { status: 500, message: "scripted 500" });
    else sendJson(rest, 200, { object: "list", data: models });
    return;
  }
  const [, wanted] = /\/models\/(.+)$/.exec(path) ?? [];
  if (wanted === undefined) {
    sendFault(rest, { status: 404, message: `Invalid URL (${record.method} ${record.path})` });
    return;
  }
  const id = decodeURIComponent(wanted);
  const model = models.find((one) => "id" in one && one.id === id);
  if (model === undefined) sendFault(rest, missingModel(id));
  else sendJson(rest, 200, model);
}

function mayAsk({ headers }: IncomingMessage, { credentialIn }: Personality): boolean {
  if (credentialIn.length === 0) return true;
  return credentialIn.some((name) => {
    const value = headers[name];
    const wanted =
      name === "authorization" || name.startsWith("cf-") ? `Bearer ${SCRIPTED_KEY}` : SCRIPTED_KEY;
    return value === wanted;
  });
}

function readBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text === "" ? undefined : text;
  }
}

async function tellRequests({
  response,
  log,
  key,
  query,
}: Readonly<{
  response: ServerResponse;
  log: RequestLog;
  key: string;
  query: URLSearchParams;
}>): Promise<void> {
  const what: Awaited = query.has("abandoned") ? "abandoned" : "arrived";
  const count = Number(query.get(what) ?? 0);
  const withinMs = Number(query.get("within") ?? PATIENCE_MS);
  try {
    const found = await log.wait(key, { what, count, withinMs });
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(found));
  } catch (error) {
    response.writeHead(504).end(String(error));
  }
}
