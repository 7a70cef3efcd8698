import type { JsonObject } from "../core/json.ts";

/**
 * What one backend offers, exactly as it said it: unknown keys, schema keywords, annotations and
 * `_meta` stay. Entries that cannot be served at all are left out and named in `warnings`.
 */
export type Listing = Readonly<{
  /** Equal hash, equal listing: SHA-256 (16 hex digits) over everything else. */
  hash: string;
  serverInfo: JsonObject;
  instructions: string | undefined;
  capabilities: JsonObject;
  tools: readonly ListedTool[];
  prompts: readonly ListedPrompt[];
  resources: readonly ListedResource[];
  resourceTemplates: readonly ListedTemplate[];
  warnings: readonly string[];
}>;

export type ListedTool = JsonObject & { readonly name: string; readonly inputSchema: JsonObject };
export type ListedPrompt = JsonObject & { readonly name: string };
export type ListedResource = JsonObject & { readonly uri: string };
export type ListedTemplate = JsonObject & { readonly uriTemplate: string };
