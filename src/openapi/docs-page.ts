import { html } from "hono/html";
import type { BackendReport } from "../config/backend-report.ts";
import type { BackendName } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";

export type DocsPage = Readonly<{
  /** As `restDocument` makes it for this caller; the page shows nothing else. */
  document: JsonObject;
  /** Undefined: of all backends. */
  backend: BackendName | undefined;
  /** How the backends are that the caller may know of. */
  states: readonly Readonly<{ name: BackendName; state: BackendReport["state"] }>[];
  /** The request carried a credential; without one the page asks for it before a tool is tried. */
  signedIn: boolean;
}>;

/** The page that shows a document and tries its tools. */
export async function docsPage({ document }: DocsPage): Promise<Response> {
  const page = await html`<!doctype html><title>Tools</title>
    <pre>${JSON.stringify(document)}</pre>`;
  return new Response(page.toString(), { headers: { "content-type": "text/html; charset=utf-8" } });
}
