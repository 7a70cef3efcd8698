import type { ListedTool } from "./listing.ts";
import type { SearchDocument } from "./search-stub.ts";
import { MAX_TEXT, toolTexts } from "./tool-words.ts";

/** What of a tool is searched, no longer than it is looked at. */
export function toSearchDocument(tool: ListedTool): SearchDocument {
  const { title, description, parameters } = toolTexts("", tool.name, tool);
  return {
    name: tool.name,
    title: title.slice(0, MAX_TEXT),
    description: description.slice(0, MAX_TEXT),
    parameters: parameters.slice(0, MAX_TEXT),
  };
}
