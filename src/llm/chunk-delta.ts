import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

/**
 * What of a delta flows on at once; undefined when it says nothing. The object itself wherever it
 * can pass as it is: that is nearly every chunk of a stream. Keys nobody here knows pass too: no
 * reader obeys what stands inside a delta.
 */
export function cleanDelta(delta: JsonObject): JsonObject | undefined {
  let says = false;
  let isClean = true;
  for (const key in delta) {
    const value = delta[key];
    if (key === "role" || key === "tool_calls") isClean = false;
    else if (key === "content" && typeof value !== "string" && value !== null) isClean = false;
    else if (isSaying(value)) says = true;
  }
  if (isClean) return says ? delta : undefined;
  const { role: _, tool_calls: __, content, ...rest } = delta;
  const others = Object.fromEntries(Object.entries(rest).filter(([, value]) => isSaying(value)));
  const cleaned = { ...others, ...contentOf(content) };
  return Object.keys(cleaned).length === 0 ? undefined : cleaned;
}

function isSaying(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === "") return false;
  return !Array.isArray(value) || value.length > 0;
}

/** Mistral sends parts where it thinks, Workers AI objects and numbers where JSON was asked for. */
function contentOf(content: JsonValue | undefined): JsonObject {
  if (content === undefined || content === null || content === "") return {};
  if (typeof content === "string") return { content };
  if (!Array.isArray(content)) return { content: JSON.stringify(content) };
  const text = content.map(textOf).join("");
  const thought = content.map(thoughtOf).join("");
  const images = content.filter((part) => isJsonObject(part) && part["type"] === "image_url");
  return {
    ...(text === "" ? {} : { content: text }),
    ...(thought === "" ? {} : { reasoning_content: thought }),
    ...(images.length === 0 ? {} : { images }),
  };
}

function textOf(part: JsonValue): string {
  if (!isJsonObject(part)) return typeof part === "string" ? part : "";
  const { text } = part;
  return typeof text === "string" ? text : "";
}

function thoughtOf(part: JsonValue): string {
  if (!isJsonObject(part) || part["type"] !== "thinking") return "";
  const { thinking } = part;
  if (typeof thinking === "string") return thinking;
  return Array.isArray(thinking) ? thinking.map(textOf).join("") : "";
}
