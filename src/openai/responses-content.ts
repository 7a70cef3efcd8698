import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { invalid, unsupported } from "./responses-refusal.ts";

const NOT_KEPT = "this gateway keeps no files, so send the data itself";

/** Content of a user, system or developer message as chat writes it. */
export function toChatContent(content: JsonValue | undefined, at: string): JsonValue {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) throw invalid(at, "expected a string or a list of parts");
  const parts = content.map((part: JsonValue, index) => toChatPart(part, `${at}[${index}]`));
  const [first] = parts;
  // One text is a string everywhere, and lists are not.
  return parts.length === 1 && first?.["type"] === "text" ? (first["text"] ?? "") : parts;
}

/** The text of an assistant's message, or of what a function returned. */
export function toPlainText(content: JsonValue | undefined): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return content === undefined ? "" : JSON.stringify(content);
  return content.filter(isJsonObject).map(partText).join("");
}

function partText({ type, text, refusal }: JsonObject): string {
  if (typeof text === "string") return text;
  if (typeof refusal === "string") return refusal;
  return `[${typeof type === "string" ? type.slice(0, 40) : "part"}: not shown]`;
}

function toChatPart(part: JsonValue, at: string): JsonObject {
  if (!isJsonObject(part)) throw invalid(at, "expected an object");
  const type = typeof part["type"] === "string" ? part["type"] : "";
  switch (type) {
    case "input_text":
    case "output_text":
    case "text":
      if (typeof part["text"] !== "string") throw invalid(`${at}.text`, "expected a string");
      return { type: "text", text: part["text"] };
    case "input_image": {
      const { image_url: url, detail, file_id: fileId } = part;
      if (typeof fileId === "string") throw unsupported(`${at}.file_id`, NOT_KEPT);
      if (typeof url !== "string") throw invalid(`${at}.image_url`, "expected a string");
      return {
        type: "image_url",
        image_url: { url, ...(typeof detail === "string" ? { detail } : {}) },
      };
    }
    case "input_file": {
      const { file_data: data, filename } = part;
      if (typeof part["file_id"] === "string") throw unsupported(`${at}.file_id`, NOT_KEPT);
      if (typeof data !== "string") throw unsupported(`${at}.file_url`, NOT_KEPT);
      return { type: "file", file: { file_data: data, ...(filename ? { filename } : {}) } };
    }
    default:
      // Chat's own parts, and those of other vendors: the provider knows whether it takes them.
      return part;
  }
}
