import type { Visitor } from "../auth/web-session.ts";
import { plain } from "./stranger-text.ts";
import { renderPage } from "./page.tsx";

/**
 * The way to another host, after a form. A redirect would be held back by browsers that apply
 * `form-action` to it, and this says where one is going.
 */
export function renderOnward(
  url: string,
  { visitor, what }: Readonly<{ visitor: Visitor; what: string }>,
): Promise<Response> {
  const { host } = new URL(url);
  return renderPage({
    title: "Going on",
    visitor,
    // Followed without a script; what stands in it was parsed as a URL, so it has no line breaks.
    headers: { refresh: `0; url=${new URL(url).href}` },
    content: (
      <>
        <h1>Log in at {plain(what)}</h1>
        <p>
          You are being led to <b>{host}</b>.
        </p>
        <p>
          <a class="button main" href={url} rel="noreferrer">
            Go on to {host}
          </a>
        </p>
      </>
    ),
  });
}
