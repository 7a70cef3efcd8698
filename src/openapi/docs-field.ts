import { html } from "hono/html";
import type { JsonObject } from "../core/json.ts";
import {
  choicesOf,
  choiceText,
  hintOf,
  kindOf,
  shortText,
  withoutNull,
} from "../pages/argument-field.ts";
import { type Components, limitsOf, resolveSchema, typeText } from "../pages/schema-text.ts";
import { type Markup, plain, prose } from "../pages/stranger-text.ts";

/** One argument of a tool. */
export type DocsField = Readonly<{
  /** Unique in the page. */
  id: string;
  name: string;
  schema: unknown;
  isRequired: boolean;
  components: Components;
}>;

/** The row of one argument: what it is called, what it takes, and where to write it. */
export function fieldRow({ id, name, schema, isRequired, components }: DocsField): Markup {
  const resolved = resolveSchema(schema, components);
  const { description } = resolved;
  const limits = [...limitsOf(resolved), ...defaultOf(resolved)];
  return html`<tr>
    <th scope="row">
      <label for="${id}">${plain(name)}</label>${isRequired ? html` <b>required</b>` : ""}
    </th>
    <td>
      <code>${plain(typeText(schema, components))}</code
      >${limits.length === 0 ? "" : html` <small>${plain(limits.join(", "))}</small>`}${typeof description === "string" ? prose(description) : ""}
    </td>
    <td class="value">
      ${control({ id, name, schema: withoutNull(resolved, components), isRequired })}
    </td>
  </tr>`;
}

type Control = Readonly<{ id: string; name: string; schema: JsonObject; isRequired: boolean }>;

function control({ id, name, schema, isRequired }: Control): Markup {
  const choices = choicesOf(schema);
  if (choices !== undefined) {
    return html`<select id="${id}" data-arg="${name}" data-kind="choice">
      ${isRequired && choices.length === 1 ? "" : html`<option value="">${isRequired ? "choose" : "leave out"}</option>`}
      ${choices.map((value) => html`<option value="${JSON.stringify(value)}">${choiceText(value)}</option>`)}
    </select>`;
  }
  const kind = kindOf(schema);
  const hint = hintOf(schema);
  if (kind === "number") {
    return html`<input
      id="${id}"
      data-arg="${name}"
      data-kind="number"
      inputmode="decimal"
      placeholder="${hint}"
      autocomplete="off"
    />`;
  }
  return html`<textarea
    id="${id}"
    data-arg="${name}"
    data-kind="${kind}"
    rows="1"
    placeholder="${hint}"
    autocomplete="off"
    spellcheck="false"
  ></textarea>`;
}

function defaultOf(schema: JsonObject): readonly string[] {
  return schema["default"] === undefined ? [] : [`default ${shortText(schema["default"], true)}`];
}
