import { html } from "hono/html";
import type { JsonObject } from "../core/json.ts";

/** The page that shows a document and tries its tools. */
export async function docsPage(document: JsonObject): Promise<Response> {
  const page = await html`<!doctype html><title>Tools</title>
    <pre>${JSON.stringify(document)}</pre>`;
  return new Response(page.toString(), { headers: { "content-type": "text/html; charset=utf-8" } });
}
