import { deepCompareStrict } from "@cfworker/json-schema";
import type { ListedTool } from "../catalog/listing.ts";
import type { JsonValue } from "../core/json.ts";
import { endOfString } from "../core/json-spans.ts";
import { embeddedOf, textOf, type ToolResult } from "./result-blocks.ts";
import { blockValue, hasStructure, joinValues, resultValue } from "./result-value.ts";

/**
 * A result as mcpo gives it to those who ask for that: any text that reads as JSON is what it reads
 * as. Where mcpo drops something (a sound, a link, structured content) it is given all the same.
 */
export function mcpoValue(result: ToolResult, tool: ListedTool): string {
  const values = result.content.map((block, index) => {
    const text = textOf(block);
    if (text !== undefined) return readText(text);
    const isOneOfMany = result.content.length > 1 && embeddedOf(block) !== undefined;
    return isOneOfMany ? UNSUPPORTED : blockValue(result, index);
  });
  const value = joinValues(values);
  if (!hasStructure(result) || saysTheSame(result, value)) return value;
  return resultValue(result, tool);
}

const UNSUPPORTED = JSON.stringify("Embedded resource not supported yet.");

/**
 * Whether nothing is lost without the structured content: the texts are a copy of it (2025-06-18,
 * server/tools), or FastMCP has put their value into an object of its own.
 */
function saysTheSame({ content, structuredContent = null }: ToolResult, value: string): boolean {
  if (!content.every((block) => textOf(block) !== undefined)) return false;
  const told: JsonValue = JSON.parse(value);
  try {
    return (
      deepCompareStrict(told, structuredContent) ||
      deepCompareStrict({ result: told }, structuredContent)
    );
  } catch {
    return false; // nested deeper than the stack
  }
}

/** As Python reads and writes it: `1.10` is 1.1, and what JSON has no number for is null. */
function readText(text: string): string {
  if (isJson(text)) return isFraction(text) ? JSON.stringify(Number(text)) : text;
  const finite = withNullForNoNumber(text);
  return finite !== text && isJson(finite) ? finite : JSON.stringify(text);
}

function isFraction(text: string): boolean {
  return /^\s*[-\d]/.test(text) && /[.eE]/.test(text);
}

/** Strings are passed over, so that a text that speaks of NaN keeps it. */
function withNullForNoNumber(text: string): string {
  const pattern = /"|-?\bInfinity\b|\bNaN\b/g;
  let out = "";
  let copied = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    if (match[0] === '"') {
      pattern.lastIndex = endOfString(text, match.index);
      continue;
    }
    out += `${text.slice(copied, match.index)}null`;
    copied = pattern.lastIndex;
  }
  return out + text.slice(copied);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // any other text
  }
}
