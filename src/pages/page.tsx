import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { Visitor } from "../auth/web-session.ts";
import { randomToken } from "../core/digest.ts";
import { PAGE_STYLE } from "./page-style.ts";

/** A line of the menu; `path` is also what marks it as the one that is open. */
export type MenuItem = Readonly<{ path: string; label: string }>;

export type PageOptions = Readonly<{
  title: string;
  content: Child;
  status?: number;
  /** Who is signed in; without one the page is narrow and has no menu. */
  visitor?: Visitor | undefined;
  menu?: readonly MenuItem[];
  /** The path of the menu's item that this page belongs to. */
  open?: string;
  /** Not even an icon: for pages on which a stranger's words ask for something. */
  textOnly?: boolean;
  /** Where a form of this page may lead besides ourselves, as CSP sources. */
  formTargets?: readonly string[];
  /** Makes the page better; it works without. The text of a module for the browser. */
  script?: string;
  headers?: HeadersInit;
}>;

/**
 * A page of ours, whole: it runs the script it came with and no other, speaks to this origin only,
 * is neither framed nor kept, and tells nobody where it was. Text is escaped by the template.
 */
export async function renderPage(page: PageOptions): Promise<Response> {
  const nonce = randomToken(16);
  const headers = new Headers(page.headers);
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    ...(page.script === undefined ? [] : [`script-src 'nonce-${nonce}'`, "connect-src 'self'"]),
    ...(page.textOnly === true ? [] : ["img-src data:", "media-src data:"]),
    `form-action ${["'self'", ...(page.formTargets ?? [])].join(" ")}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  headers.set("content-type", "text/html; charset=utf-8");
  headers.set("content-security-policy", policy.join("; "));
  headers.set("x-frame-options", "DENY");
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "no-referrer");
  headers.set("cache-control", "no-store");
  const document = <Document page={page} nonce={nonce} />;
  return new Response(`<!doctype html>${String(await Promise.resolve(document))}`, {
    status: page.status ?? 200,
    headers,
  });
}

function Document({ page, nonce }: Readonly<{ page: PageOptions; nonce: string }>) {
  const { title, content, visitor, script } = page;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>{`${title} · MCP gateway`}</title>
        {page.textOnly === true ? "" : <link rel="icon" href="data:," />}
        <style nonce={nonce}>{raw(PAGE_STYLE)}</style>
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to the content
        </a>
        {visitor === undefined ? "" : <Top page={page} visitor={visitor} />}
        <main id="content" class={visitor === undefined ? "narrow" : undefined}>
          {visitor === undefined ? <p class="brand">MCP gateway</p> : ""}
          {content}
        </main>
        {script === undefined ? "" : <script nonce={nonce}>{raw(script)}</script>}
      </body>
    </html>
  );
}

function Top({ page, visitor }: Readonly<{ page: PageOptions; visitor: Visitor }>) {
  const { menu = [], open } = page;
  return (
    <header class="top">
      <b>MCP gateway</b>
      <nav aria-label="Pages">
        {menu.map(({ path, label }) => (
          <a href={path} aria-current={path === open ? "page" : undefined}>
            {label}
          </a>
        ))}
      </nav>
      <form method="post" action="/me/sign-out" class="inline">
        <FormToken visitor={visitor} />
        <small>{visitor.name}</small> <button>Sign out</button>
      </form>
    </header>
  );
}

/** Stands in every form of a signed-in visitor; `requireOwnForm` reads it. */
export function FormToken({ visitor }: Readonly<{ visitor: Pick<Visitor, "formToken"> }>) {
  return <input type="hidden" name="form_token" value={visitor.formToken} />;
}

/** What became of the last form, or what is wrong; read out at once by a screen reader. */
export function Notice({
  kind,
  children,
}: Readonly<{ kind: "done" | "problem" | "note"; children?: Child }>) {
  return (
    <p class={`notice ${kind}`} role={kind === "problem" ? "alert" : "status"}>
      {children}
    </p>
  );
}
