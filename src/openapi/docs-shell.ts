import { html, raw } from "hono/html";
import { randomToken } from "../core/digest.ts";
import { DOCS_SCRIPT } from "./docs-script.ts";
import { DOCS_STYLE } from "./docs-style.ts";
import type { Markup } from "../pages/stranger-text.ts";

export type Shell = Readonly<{
  title: string;
  content: Markup;
  status: number;
  headers: Readonly<Record<string, string>>;
}>;

/**
 * A page of ours around words of strangers: it runs the script it came with and no other, speaks to
 * this origin only, and is neither framed nor kept. Images and sounds are those of results.
 */
export async function renderShell({ title, content, status, headers }: Shell): Promise<Response> {
  const nonce = randomToken(16);
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src data:",
    "media-src data:",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  const page = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <style nonce="${nonce}">
          ${raw(DOCS_STYLE)}
        </style>
      </head>
      <body data-title="${title}">
        ${content}
        <script nonce="${nonce}">
          ${raw(DOCS_SCRIPT)};
        </script>
      </body>
    </html>`;
  return new Response(withoutIndents(page.toString()), {
    status,
    headers: {
      "cache-control": "no-store",
      ...headers,
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy.join("; "),
      "x-frame-options": "DENY",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
  });
}

/** A page of two hundred tools is a third of it indentation, which nothing in it shows. */
function withoutIndents(page: string): string {
  return page.replaceAll(/\n\s+/g, "\n");
}
