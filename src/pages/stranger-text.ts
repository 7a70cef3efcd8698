import { html } from "hono/html";

/** What `html` makes: text in which everything that came in from outside is escaped. */
export type Markup = ReturnType<typeof html>;

/** Nobody reads on; the document has all of it. */
const MAX_PROSE = 6_000;
const MAX_PARAGRAPHS = 60;

/**
 * A stranger's words as paragraphs, with headings, `code` as code and lines as they were broken.
 * Everything else of Markdown stays text: no link, no image and no HTML of a backend is followed.
 */
export function prose(text: string): readonly Markup[] {
  return plain(text)
    .slice(0, MAX_PROSE)
    .split(/\n\s*\n/, MAX_PARAGRAPHS)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== "")
    .map((paragraph) => {
      const heading = /^#{1,6} (.+)$/.exec(paragraph)?.[1];
      if (heading !== undefined) return html`<p><strong>${codeSpans(heading)}</strong></p>`;
      return html`<p>${codeSpans(paragraph)}</p>`;
    });
}

/** Without characters that are not seen, some of which turn the text around them the other way. */
export function plain(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(UNSEEN, "");
}

const UNSEEN = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu;

/** Every other piece between single backquotes. */
function codeSpans(paragraph: string): readonly (string | Markup)[] {
  const pieces = paragraph.split("`");
  // A last one that was never closed is no code.
  const closed = pieces.length % 2 === 1 ? pieces.length : pieces.length - 1;
  return pieces.map((piece, index) => {
    if (index % 2 === 0) return piece;
    return index < closed ? html`<code>${piece}</code>` : `\`${piece}`;
  });
}
