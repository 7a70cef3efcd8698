import { indentJson } from "../core/indent-json.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

const IMAGE_TYPE = /^image\/[a-z0-9.+-]{1,60}$/i;
const AUDIO_TYPE = /^audio\/[a-z0-9.+-]{1,60}$/i;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
const WEB_ADDRESS = /^https?:\/\/[^\s()<>]+$/;

/**
 * A tools/call result as Markdown, nothing left out: text as it is, JSON in a fence, pictures in
 * place, links as links. A structured result is shown unless a text block says the same.
 */
export function renderResult(result: JsonObject): string {
  const { content, structuredContent, isError } = result;
  if (result["resultType"] === "input_required") return renderInputRequired(result);
  const blocks = Array.isArray(content) ? content.filter(isJsonObject) : [];
  const parts = blocks.map(renderBlock).filter((part) => part !== "");
  if (structuredContent !== undefined && !areMirrored(blocks, structuredContent)) {
    parts.push(fenced(indentJson(JSON.stringify(structuredContent)), "json"));
  }
  const body = parts.length === 0 ? "_The tool returned nothing._" : parts.join("\n\n");
  return isError === true ? `**The tool reported an error**\n\n${body}` : body;
}

/** Text that closes no fence of its own content. */
export function fenced(text: string, language: string): string {
  const runs = text.match(/`+/g) ?? [];
  const longest = runs.reduce((length, run) => Math.max(length, run.length), 2);
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

function renderBlock(block: JsonObject): string {
  const type = stringOf(block["type"]);
  switch (type) {
    case "text":
      return renderText(stringOf(block["text"]));
    case "image":
      return renderData(block, "image");
    case "audio":
      return renderData(block, "audio");
    case "resource_link":
      return renderLink(block);
    case "resource":
      return renderResource(block["resource"]);
    default:
      return fenced(indentJson(JSON.stringify(block)), "json");
  }
}

function renderText(text: string): string {
  // Kept as written: parsing and writing again would change large numbers.
  return parsesAsJson(text) ? fenced(text.trim(), "json") : text;
}

function parsesAsJson(text: string): boolean {
  const start = text.trimStart()[0];
  if (start !== "{" && start !== "[") return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // text that merely begins like JSON
  }
}

function renderData(block: JsonObject, kind: string): string {
  const mimeType = stringOf(block["mimeType"]);
  return dataLink(mimeType, stringOf(block["data"])) ?? `_${kind} of type ${code(mimeType)}_`;
}

/** Only what cannot leave the link it stands in. */
function dataLink(mimeType: string, data: string): string | undefined {
  if (!BASE64.test(data)) return undefined;
  if (IMAGE_TYPE.test(mimeType)) return `![image](data:${mimeType};base64,${data})`;
  if (AUDIO_TYPE.test(mimeType)) return `[audio](data:${mimeType};base64,${data})`;
  return undefined;
}

function renderLink(link: JsonObject): string {
  const { uri, name, title, description, mimeType } = link;
  const address = stringOf(uri);
  const label = stringOf(title) || stringOf(name) || address;
  const target = WEB_ADDRESS.test(address)
    ? `[${label.replaceAll(/[[\]\\\n]/g, " ")}](${address})`
    : `${label.replaceAll(/\s+/g, " ")}: ${code(address)}`;
  const type = stringOf(mimeType) === "" ? "" : ` (${stringOf(mimeType)})`;
  const about = stringOf(description) === "" ? "" : ` — ${stringOf(description)}`;
  return `${target}${type}${about}`;
}

function renderResource(resource: JsonValue | undefined): string {
  if (!isJsonObject(resource)) return "";
  const { uri, mimeType, text, blob } = resource;
  const heading = code(stringOf(uri));
  if (typeof text === "string") return `${heading}\n\n${fenced(text, "")}`;
  const shown = dataLink(stringOf(mimeType), stringOf(blob));
  if (shown !== undefined) return `${heading}\n\n${shown}`;
  const bytes = Math.floor((stringOf(blob).replaceAll("=", "").length * 3) / 4);
  return `${heading} (${stringOf(mimeType) || "binary"}, ${bytes} bytes)`;
}

function renderInputRequired(result: JsonObject): string {
  return [
    "**The tool asks for more before it goes on**, and this chat cannot answer it: use an MCP client.",
    fenced(indentJson(JSON.stringify(result["inputRequests"] ?? {})), "json"),
  ].join("\n\n");
}

/** Whether a text block says the same as the structured result beside it. */
export function areMirrored(blocks: readonly JsonObject[], structured: JsonValue): boolean {
  let wanted: string | undefined;
  return blocks.some(({ type, text }) => {
    if (type !== "text") return false;
    try {
      const value: unknown = JSON.parse(stringOf(text));
      // Once for all blocks, of which a backend may send a hundred thousand.
      wanted ??= sorted(structured);
      return sorted(value) === wanted;
    } catch {
      return false; // prose beside the structured result
    }
  });
}

/** As text that is equal for equal values, whatever the order of their keys. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isJsonObject(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function code(text: string): string {
  return `\`${text.replaceAll(/[`\n]/g, " ")}\``;
}

function stringOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
