import { html } from "hono/html";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { fieldRow } from "./docs-field.ts";
import type { DocsTool } from "./docs-operations.ts";
import { type Components, typeText } from "../pages/schema-text.ts";
import { type Markup, plain, prose } from "../pages/stranger-text.ts";

/** More arguments than this are written as JSON. */
const MAX_FIELDS = 100;

const BADGES: readonly (readonly [string, string])[] = [
  ["readOnlyHint", "read-only"],
  ["destructiveHint", "destructive"],
];

/** What a page is made with. */
export type PageParts = Readonly<{
  components: Components;
  /** Characters that all fields of the page may still take: strangers say how many there are. */
  room: { left: number };
}>;

/** A tool that opens; `index` tells its fields from those of others in the page. */
export function toolDetails(tool: DocsTool, index: number, parts: PageParts): Markup {
  const { name, summary, description, annotations, input, path } = tool;
  return html`<details class="tool" id="tool-${name}">
    <summary>
      <h3>${plain(name)}</h3>
      ${badges(annotations)}${isSaid(summary, name) ? html`<span>${plain(summary)}</span>` : ""}
    </summary>
    <div class="prose">${prose(description)}</div>
    <form data-path="${path}" novalidate>
      ${fields(input, { index, parts })}${answer(tool.output, parts.components)}
    </form>
  </details> `;
}

function badges(annotations: JsonObject): readonly Markup[] {
  return BADGES.flatMap(([hint, word]) =>
    annotations[hint] === true ? [html`<i class="${word}">${word}</i>`] : [],
  );
}

type Placed = Readonly<{ index: number; parts: PageParts }>;

function fields(input: JsonObject | undefined, { index, parts }: Placed): Markup {
  const { properties, required } = input ?? {};
  const named = isJsonObject(properties) ? Object.entries(properties) : [];
  if (named.length === 0) return html`<p class="none">No arguments.</p>`;
  const must = new Set(Array.isArray(required) ? required : []);
  const { components, room } = parts;
  const rows: Markup[] = [];
  for (const [name, schema] of named.slice(0, MAX_FIELDS)) {
    if (room.left <= 0) break;
    const id = `f${index}-${rows.length}`;
    const row = fieldRow({ id, name, schema, isRequired: must.has(name), components });
    if (!(row instanceof Promise)) room.left -= row.length; // there is nothing to wait for in one
    rows.push(row);
  }
  const left = named.length - rows.length;
  return html`<table>
      <thead>
        <tr>
          <th scope="col">Argument</th>
          <th scope="col">Takes</th>
          <th scope="col" class="value">Value</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
    ${left > 0 ? html`<p class="none">And ${left} more, which are in the document.</p>` : ""}`;
}

function answer(output: unknown, components: Components): Markup | string {
  const type = plain(typeText(output, components));
  return type === "any" ? "" : html`<p class="answer">Answers <code>${type}</code></p>`;
}

/** A title that only spells the name again says nothing; its backend may stand before the name. */
function isSaid(summary: string, name: string): boolean {
  return !letters(name).endsWith(letters(summary));
}

function letters(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}
