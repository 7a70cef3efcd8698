import type { ListedTool } from "../catalog/listing.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { embeddedOf, mediaOf, textOf, type ToolResult } from "./result-blocks.ts";

/**
 * A result as one JSON value, nothing of it lost: its structured content, else the value of its only
 * block, else a list of values. Blocks of text beside structured content say the same again.
 */
export function resultValue(result: ToolResult, tool: ListedTool): string {
  if (!hasStructure(result)) return joinValues(blockValues(result));
  const structured = result.structuredText();
  // What has a schema is to be exactly that.
  if (isJsonObject(tool["outputSchema"])) return structured;
  const values = blockValues(result).filter((_, index) => !isText(result.content[index]));
  return joinValues([structured, ...values]);
}

export function hasStructure({ structuredContent, content }: ToolResult): boolean {
  if (structuredContent === undefined) return false;
  return structuredContent !== null || content.length === 0;
}

export function joinValues(values: readonly string[]): string {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : `[${values.join(",")}]`;
}

/** One block as JSON. A type that is not known here yet is given as the block itself. */
export function blockValue(result: ToolResult, index: number): string {
  const block = result.content[index] ?? null;
  const text = textOf(block);
  if (text !== undefined) return isObjectOrList(text) ? text : JSON.stringify(text);
  const media = mediaOf(block);
  if (media !== undefined) return JSON.stringify(`data:${media.mimeType};base64,${media.base64}`);
  const resource = embeddedOf(block);
  if (resource !== undefined && isJsonObject(block)) return embeddedValue(block, resource);
  return result.blockText(index);
}

function blockValues(result: ToolResult): readonly string[] {
  return result.content.map((_, index) => blockValue(result, index));
}

function isText(block: JsonValue | undefined): boolean {
  return block !== undefined && textOf(block) !== undefined;
}

/** Every other text is told as what it is: `007` is no number, and `true` may be a name. */
function isObjectOrList(text: string): boolean {
  const first = /\S/.exec(text)?.[0];
  if (first !== "{" && first !== "[") return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // a text that only begins like JSON
  }
}

/** The resource with what its block says about it, as one object. */
function embeddedValue(block: JsonObject, resource: JsonObject): string {
  const { type, resource: _, _meta: aboutBlock, ...beside } = block;
  const { _meta: aboutResource, ...own } = resource;
  const meta = { ...objectOf(aboutResource), ...objectOf(aboutBlock) };
  const about = Object.keys(meta).length === 0 ? {} : { _meta: meta };
  return JSON.stringify({ type, ...beside, ...own, ...about });
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
