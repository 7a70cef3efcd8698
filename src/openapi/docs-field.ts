import { html } from "hono/html";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { type Components, limitsOf, resolveSchema, typeText, valueText } from "./docs-schema.ts";
import { type Markup, plain, prose } from "./docs-text.ts";

/** One argument of a tool. */
export type DocsField = Readonly<{
  /** Unique in the page. */
  id: string;
  name: string;
  schema: unknown;
  isRequired: boolean;
  components: Components;
}>;

/** How the script reads what is typed in, besides choices: see `docs-values.mjs`. */
type Kind = "string" | "number" | "json" | "any";

/** More are written as JSON. */
const MAX_CHOICES = 200;
const MAX_HINT = 80;

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

function choiceText(value: unknown): string {
  return plain(typeof value === "string" && value !== "" ? value : JSON.stringify(value)).slice(
    0,
    MAX_HINT,
  );
}

/** The values a schema allows one by one; undefined where there are none, or too many. */
function choicesOf(schema: JsonObject): readonly unknown[] | undefined {
  const { enum: values, anyOf, oneOf, type } = schema;
  if ("const" in schema) return [schema["const"]];
  if (Array.isArray(values)) return values.length <= MAX_CHOICES ? values : undefined;
  if (type === "boolean") return [true, false];
  const either: unknown = oneOf ?? anyOf;
  // Values with a title each (JSON Schema 2020-12, section 9.1) are written as alternatives.
  if (!Array.isArray(either) || either.length > MAX_CHOICES) return undefined;
  const constants = either.flatMap((one: unknown) =>
    isJsonObject(one) && "const" in one ? [one["const"]] : [],
  );
  return constants.length > 0 && constants.length === either.length ? constants : undefined;
}

function kindOf({ type, properties }: JsonObject): Kind {
  if (type === "string") return "string";
  if (type === "number" || type === "integer") return "number";
  return type === "object" || type === "array" || properties !== undefined ? "json" : "any";
}

/** Null is left out of a field: whoever means it writes the arguments as JSON. */
function withoutNull(schema: JsonObject, components: Components): JsonObject {
  const { type, anyOf, oneOf } = schema;
  if (Array.isArray(type)) {
    const [only, ...more] = type.filter((one) => one !== "null");
    return more.length === 0 && only !== undefined ? { ...schema, type: only } : schema;
  }
  const either: unknown = anyOf ?? oneOf;
  if (!Array.isArray(either)) return schema;
  const [only, ...more] = either.filter(
    (one: unknown) => !isJsonObject(one) || one["type"] !== "null",
  );
  return more.length === 0 ? { ...schema, ...resolveSchema(only, components) } : schema;
}

function hintOf({ examples, example, default: fallback, type }: JsonObject): string {
  const first: unknown = Array.isArray(examples) ? examples[0] : example;
  if (first !== undefined) return `e.g. ${shortText(first)}`;
  if (fallback !== undefined) return `default ${shortText(fallback)}`;
  if (type === "array") return "[ ]";
  return type === "object" ? "{ }" : "";
}

function defaultOf(schema: JsonObject): readonly string[] {
  return schema["default"] === undefined ? [] : [`default ${shortText(schema["default"], true)}`];
}

function shortText(value: unknown, quoted = false): string {
  const text = typeof value === "string" && !quoted ? value : valueText(value);
  return text.length > MAX_HINT ? `${text.slice(0, MAX_HINT)}…` : text;
}
