import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { cutText } from "./cut-text.ts";
import { areMirrored } from "./render-result.ts";
import { asToolImage, type ToolImage } from "./tool-image.ts";

/** What a model reads of a tool's result. */
export type ModelResult = Readonly<{
  text: string;
  /** For a message of their own, because tool messages are text: see `tool-image.ts`. */
  images: readonly ToolImage[];
  isError: boolean;
}>;

export type ModelReader = Readonly<{
  maxChars: number;
  /** Whether the model can look at pictures. */
  images: boolean;
}>;

/** More would drown the answer, and providers bound a request. */
const MAX_IMAGES = 5;
const MAX_QUESTION = 500;

/**
 * A tools/call result as a model reads it: text as the tool wrote it, the structured result where no
 * text says the same, and a note in place of everything that is no text.
 */
export function toModelResult(result: JsonObject, reader: ModelReader): ModelResult {
  if (result["resultType"] === "input_required") return asksBack(result, reader);
  const { content, structuredContent } = result;
  const blocks = Array.isArray(content) ? content.filter(isJsonObject) : [];
  const images: ToolImage[] = [];
  const parts = blocks.map((block) => blockText(block, shower(images, reader)));
  if (structuredContent !== undefined && !areMirrored(blocks, structuredContent)) {
    parts.push(JSON.stringify(structuredContent));
  }
  const text = parts.filter((part) => part !== "").join("\n\n");
  const isError = result["isError"] === true;
  return { text: cutText(told(text, isError), reader.maxChars), images, isError };
}

function told(text: string, isError: boolean): string {
  if (!isError) return text === "" ? "The tool returned nothing" : text;
  if (text === "") return "Error: the tool failed and did not say why";
  return text.startsWith("Error: ") ? text : `Error: ${text}`;
}

/** Nobody is there to answer in the middle of a call; the user can be asked in the chat. */
function asksBack({ inputRequests }: JsonObject, { maxChars }: ModelReader): ModelResult {
  const requests = isJsonObject(inputRequests) ? Object.values(inputRequests) : [];
  const questions = requests
    .map((request) => (isJsonObject(request) ? request["params"] : undefined))
    .map((params) => (isJsonObject(params) ? stringOf(params["message"]) : ""))
    .filter((message) => message !== "")
    .map((message) => `"${message.slice(0, MAX_QUESTION).toWellFormed()}"`);
  const asked = questions.length === 0 ? "" : `: ${questions.join(", ")}`;
  const text = `Error: the tool did not run to its end, because it asks something that cannot be answered in this chat${asked}. An MCP client can answer it`;
  return { text: cutText(text, maxChars), images: [], isError: true };
}

/** Keeps a picture for the model where it can look at it; the number it is shown under. */
type Show = (mimeType: string, data: string) => number | undefined;

function shower(images: ToolImage[], reader: ModelReader): Show {
  return (mimeType, data) => {
    if (!reader.images || images.length >= MAX_IMAGES) return undefined;
    const image = asToolImage(mimeType, data);
    return image === undefined ? undefined : images.push(image);
  };
}

function blockText(block: JsonObject, show: Show): string {
  const type = stringOf(block["type"]);
  switch (type) {
    case "text":
      return stringOf(block["text"]);
    case "image":
    case "audio":
      return dataNote(type, { mimeType: block["mimeType"], data: block["data"], show });
    case "resource_link":
      return linkText(block);
    case "resource":
      return resourceText(block["resource"], show);
    default: {
      // Whatever it is, its bytes are not for reading.
      const { data: _data, blob: _blob, ...rest } = block;
      return JSON.stringify(rest);
    }
  }
}

type Data = Readonly<{
  mimeType: JsonValue | undefined;
  data: JsonValue | undefined;
  show: Show;
}>;

function dataNote(what: string, { mimeType, data, show }: Data): string {
  const type = stringOf(mimeType) || "unknown type";
  const bytes = stringOf(data);
  const number = show(type, bytes);
  if (number !== undefined)
    return `[${what}, ${type}: image ${number} in the message that follows]`;
  return `[${what}, ${type}, ${byteLength(bytes)} bytes: not shown]`;
}

function byteLength(base64: string): number {
  // Base64 ends with two of them at most; a pattern for any number could be kept busy for hours.
  const padding = base64.endsWith("==") ? 2 : Number(base64.endsWith("="));
  return Math.floor(((base64.length - padding) * 3) / 4);
}

function linkText({ uri, name, title, description, mimeType }: JsonObject): string {
  const label = stringOf(title) || stringOf(name);
  const type = stringOf(mimeType) === "" ? "" : ` (${stringOf(mimeType)})`;
  const about = stringOf(description) === "" ? "" : `: ${stringOf(description)}`;
  return `${label === "" ? "" : `${label} `}<${stringOf(uri)}>${type}${about}`;
}

function resourceText(resource: JsonValue | undefined, show: Show): string {
  if (!isJsonObject(resource)) return "";
  const { uri, mimeType, text, blob } = resource;
  if (typeof text === "string") return `<${stringOf(uri)}>:\n\n${text}`;
  return dataNote(`resource <${stringOf(uri)}>`, { mimeType, data: blob, show });
}

function stringOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
