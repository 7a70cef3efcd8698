import { html } from "hono/html";
import { randomToken } from "../core/digest.ts";

/** What `html` makes: text in which everything that came in from outside is escaped. */
export type Markup = ReturnType<typeof html>;

export type Page = Readonly<{
  title: string;
  content: Markup;
  status: number;
  /** Where a form of this page may lead besides ourselves, as CSP sources. */
  formTargets?: readonly string[];
  headers?: Headers;
}>;

const STYLE = `
:root { color-scheme: light dark; --line: #8886; --accent: #2557d6; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText; }
main { max-width: 30rem; margin: 0 auto; padding: 2rem 1.25rem; }
h1 { font-size: 1.4rem; line-height: 1.3; overflow-wrap: anywhere; }
dl { margin: 1.25rem 0; border: 1px solid var(--line); border-radius: .5rem; padding: .25rem 1rem; }
dt { margin-top: .6rem; font-size: .85rem; opacity: .75; }
dd { margin: 0 0 .6rem; overflow-wrap: anywhere; }
.note { border-left: 4px solid #c77700; padding-left: .75rem; }
.problem { border-left: 4px solid #c62828; padding-left: .75rem; }
label { display: block; margin: 1rem 0 .25rem; }
input { width: 100%; font: inherit; padding: .6rem; border: 1px solid var(--line); border-radius: .4rem; }
fieldset { border: 1px solid var(--line); border-radius: .5rem; padding: .25rem 1rem .75rem; margin: 1rem 0; min-width: 0; }
legend { font-weight: 600; padding: 0 .35rem; }
label.tick { display: flex; gap: .6rem; align-items: baseline; margin: .5rem 0; overflow-wrap: anywhere; }
label.tick input { width: auto; flex: none; }
.ticks { padding-left: 1.6rem; }
.visitor button { flex: none; padding: .25rem .6rem; }
.choice { display: flex; gap: .75rem; margin-top: 1.25rem; }
button { flex: 1; font: inherit; padding: .7rem; border-radius: .4rem; border: 1px solid var(--line);
  background: transparent; color: inherit; cursor: pointer; }
button.main { background: var(--accent); border-color: var(--accent); color: #fff; }
`;

/**
 * A page on the authorization origin: no script, nothing from elsewhere, no frame, nothing stored,
 * and no referrer, because its address carries the client's `state`.
 */
export async function renderPage(page: Page): Promise<Response> {
  const nonce = randomToken(16);
  const headers = page.headers ?? new Headers();
  headers.set("content-type", "text/html; charset=utf-8");
  headers.set(
    "content-security-policy",
    [
      "default-src 'none'",
      `style-src 'nonce-${nonce}'`,
      `form-action ${["'self'", ...(page.formTargets ?? [])].join(" ")}`,
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join("; "),
  );
  headers.set("x-frame-options", "DENY");
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "no-referrer");
  headers.set("cache-control", "no-store");
  const document = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${page.title}</title>
        <style nonce="${nonce}">
          ${STYLE}
        </style>
      </head>
      <body>
        <main>${page.content}</main>
      </body>
    </html>`;
  return new Response(document.toString(), { status: page.status, headers });
}
