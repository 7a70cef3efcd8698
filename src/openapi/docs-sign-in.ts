import { html } from "hono/html";
import { renderShell } from "./docs-shell.ts";
import type { Markup } from "../pages/stranger-text.ts";
import { BROWSER_SIGN_IN } from "./rest-caller.ts";

export type SignInPage = Readonly<{
  /** What is said of a request that was refused; undefined: it carried no credential. */
  problem: string | undefined;
  status: number;
  headers: Readonly<Record<string, string>>;
  /** Whoever comes to the bare address wants pages or tools, and is shown the way to both. */
  isFront: boolean;
}>;

/** In place of a page whose reader has not shown a key; nothing of the catalog is in it. */
export function signInPage(page: SignInPage): Promise<Response> {
  const { problem, status, headers, isFront } = page;
  return renderShell({
    title: isFront ? "MCP gateway" : "Sign in",
    status,
    headers,
    content: html`<main class="narrow">
      ${isFront ? FRONT : html`<h1>API key needed</h1>`}
      <p>Enter an API key of this gateway to see its tools and to try them.</p>
      ${keyForm(problem)}
      <p class="aside">
        Without scripts: <a href="${BROWSER_SIGN_IN}">let the browser ask</a>, with any user name
        and the key as password.
      </p>
    </main>`,
  });
}

const FRONT = html`<h1>MCP gateway</h1>
  <p>Tools and models behind one address, for people and programs that are known here.</p>
  <div class="bar"><a class="button main" href="/me">Sign in</a></div>
  <h2>With an API key</h2>`;

/**
 * The key goes into a header of requests of this page, never into an address or a cookie. `beside`
 * is what else can be done.
 */
export function keyForm(problem: string | undefined, beside: Markup | string = ""): Markup {
  return html`<form class="key" data-form="key">
    <label for="key">API key</label>
    <input
      id="key"
      type="password"
      autocomplete="off"
      autocapitalize="off"
      spellcheck="false"
      required
      aria-describedby="key-problem"
    />
    <p class="problem" id="key-problem" role="alert">${problem ?? ""}</p>
    <label class="tick"><input type="checkbox" id="remember" /> Remember in this tab</label>
    <div class="bar"><button class="main">Continue</button>${beside}</div>
  </form>`;
}
