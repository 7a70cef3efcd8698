import { asGatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { Answer, RpcError } from "../core/json-rpc.ts";
import type { Question } from "../core/question.ts";
import { indentJson } from "../core/indent-json.ts";
import { Notice } from "../pages/page.tsx";
import { plain } from "../pages/stranger-text.ts";

/** What became of a call that was tried. */
export type Tried = Readonly<{
  ms: number;
  answer?: Answer;
  error?: unknown;
  /** What the backend wanted to ask, and was told that nobody can be. */
  asked: readonly Question[];
}>;

/** Of one text; the whole of a larger one is for a client, not for a page. */
const MAX_TEXT = 200_000;
/** Embedded in the page as it is: a browser takes a while over more. */
const MAX_MEDIA = 4_000_000;
const MAX_BLOCKS = 200;

/** A result as it is: text as text, JSON indented, images and sounds as such. */
export function TryResult({ tried }: Readonly<{ tried: Tried }>) {
  const { ms, answer, error, asked } = tried;
  return (
    <section aria-labelledby="result" class="result">
      <h2 id="result">
        Result <small>{Math.round(ms)} ms</small>
      </h2>
      {error === undefined ? "" : <Notice kind="problem">{asGatewayError(error).message}</Notice>}
      {asked.length === 0 ? "" : <Asked questions={asked} />}
      {answer === undefined ? "" : <Answered answer={answer} />}
    </section>
  );
}

function Answered({ answer }: Readonly<{ answer: Answer }>) {
  const message = answer.message();
  return (
    <>
      {"error" in message ? <Refusal error={message.error} /> : <Result result={message.result} />}
      <details class="box">
        <summary>The whole answer</summary>
        <Text text={indentJson(answer.text)} label="The whole answer" />
      </details>
    </>
  );
}

function Refusal({ error }: Readonly<{ error: RpcError }>) {
  const { code, message, data } = error;
  const links = isJsonObject(data) && Array.isArray(data["elicitations"]) ? data : undefined;
  return (
    <>
      <Notice kind="problem">
        The backend answered with error {code}: {plain(message)}
      </Notice>
      {links === undefined ? "" : <Links elicitations={links["elicitations"]} />}
    </>
  );
}

/** Where the backend sends a person before it goes on. */
function Links({ elicitations }: Readonly<{ elicitations: JsonValue | undefined }>) {
  const all = Array.isArray(elicitations) ? elicitations : [];
  return (
    <ul>
      {all.filter(isJsonObject).map(({ url, message }) => (
        <li>
          {typeof message === "string" ? plain(message) : ""}{" "}
          <Address url={typeof url === "string" ? url : ""} />
        </li>
      ))}
    </ul>
  );
}

function Result({ result }: Readonly<{ result: JsonObject }>) {
  const { content, structuredContent, isError } = result;
  const blocks = Array.isArray(content) ? content : [];
  const isSaidTwice = blocks.some((block) => isSame(block, structuredContent));
  return (
    <>
      {isError === true ? <Notice kind="problem">The tool says that it failed</Notice> : ""}
      {blocks.slice(0, MAX_BLOCKS).map((block) => (
        <Block block={block} />
      ))}
      {blocks.length > MAX_BLOCKS ? <p>And {blocks.length - MAX_BLOCKS} more.</p> : ""}
      {structuredContent === undefined || isSaidTwice ? (
        ""
      ) : (
        <Text text={indentJson(JSON.stringify(structuredContent))} label="Structured result" />
      )}
      {blocks.length === 0 && structuredContent === undefined ? (
        <p class="dim">It answered with nothing.</p>
      ) : (
        ""
      )}
    </>
  );
}

/** Servers repeat a structured result as text for older clients (MCP 2025-06-18, server/tools). */
function isSame(block: JsonValue, structured: JsonValue | undefined): boolean {
  if (structured === undefined || !isJsonObject(block)) return false;
  const parsed = typeof block["text"] === "string" ? parseJson(block["text"]) : undefined;
  return parsed !== undefined && JSON.stringify(parsed) === JSON.stringify(structured);
}

function Block({ block }: Readonly<{ block: JsonValue }>) {
  if (!isJsonObject(block)) return <Text text={JSON.stringify(block)} label="Result" />;
  const { type, text, data, mimeType, resource, uri, name } = block;
  if (type === "text" && typeof text === "string") {
    return <Text text={parseJson(text) === undefined ? text : indentJson(text)} label="Text" />;
  }
  if ((type === "image" || type === "audio") && typeof data === "string") {
    return <Media kind={type} base64={data} mimeType={mimeType} />;
  }
  if (type === "resource_link" && typeof uri === "string") {
    return (
      <p>
        {typeof name === "string" ? `${plain(name)}: ` : ""}
        <Address url={uri} />
      </p>
    );
  }
  if (type === "resource" && isJsonObject(resource)) return <Embedded resource={resource} />;
  return <Text text={indentJson(JSON.stringify(block))} label="Result" />;
}

function Embedded({ resource }: Readonly<{ resource: JsonObject }>) {
  const { uri, text, blob, mimeType } = resource;
  const type = typeof mimeType === "string" ? mimeType : "";
  const kind = /^(image|audio)\//.exec(type)?.[1];
  return (
    <>
      <p class="hint">
        {typeof uri === "string" ? <code>{plain(uri)}</code> : ""} {plain(type)}
      </p>
      {typeof text === "string" ? <Text text={text} label="Resource" /> : ""}
      {typeof blob !== "string" ? (
        ""
      ) : kind === undefined ? (
        <p class="dim">{blob.length} characters of base64</p>
      ) : (
        <Media kind={kind === "image" ? "image" : "audio"} base64={blob} mimeType={type} />
      )}
    </>
  );
}

type MediaParts = Readonly<{
  kind: "image" | "audio";
  base64: string;
  mimeType: JsonValue | undefined;
}>;

function Media({ kind, base64, mimeType }: MediaParts) {
  const type = typeof mimeType === "string" && MEDIA_TYPE.test(mimeType) ? mimeType : `${kind}/*`;
  if (!BASE64.test(base64) || base64.length > MAX_MEDIA) {
    return (
      <p class="dim">
        {kind}: {base64.length} characters, which cannot be shown here
      </p>
    );
  }
  const address = `data:${type};base64,${base64}`;
  return kind === "image" ? (
    <img src={address} alt="Image of the result" />
  ) : (
    <audio src={address} controls></audio>
  );
}

const MEDIA_TYPE = /^(?:image|audio)\/[a-z0-9.+-]{1,60}$/i;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Only what a browser opens without running anything of this origin; everything else is text. */
function Address({ url }: Readonly<{ url: string }>) {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return <code>{plain(url)}</code>;
  return (
    <a href={url} rel="noopener noreferrer external" target="_blank">
      {plain(url)}
    </a>
  );
}

function Text({ text, label }: Readonly<{ text: string; label: string }>) {
  const shown = plain(text);
  return (
    <>
      <pre tabindex={0} aria-label={label}>
        {shown.slice(0, MAX_TEXT)}
      </pre>
      {shown.length > MAX_TEXT ? (
        <p class="hint">
          The first {MAX_TEXT} of {shown.length} characters.
        </p>
      ) : (
        ""
      )}
    </>
  );
}

function Asked({ questions }: Readonly<{ questions: readonly Question[] }>) {
  return (
    <>
      <Notice kind="note">
        The tool asked something back, which this page cannot answer: it was told that nobody
        decided. Try it in a client that can be asked.
      </Notice>
      <ul>
        {questions.map(({ method, params }) => (
          <li>
            {WANTED[method] ?? plain(method)}
            {typeof params["message"] === "string" ? `: ${plain(params["message"])}` : ""}{" "}
            {typeof params["url"] === "string" ? <Address url={params["url"]} /> : ""}
          </li>
        ))}
      </ul>
    </>
  );
}

const WANTED: Readonly<Record<string, string>> = {
  "elicitation/create": "It asks you",
  "sampling/createMessage": "It wants an answer of your model",
  "roots/list": "It wants to know the folders of your client",
};

/** An object or a list; a text that is only a number or a word stays as it is. */
function parseJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // it is text after all
  }
}
