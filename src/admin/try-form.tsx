import type { Child } from "hono/jsx";
import { choicesOf, choiceText, hintOf, kindOf } from "../pages/argument-field.ts";
import { type Components, limitsOf, typeText } from "../pages/schema-text.ts";
import { plain, prose } from "../pages/stranger-text.ts";
import { fieldName, JSON_FIELD, type TryField, type TryFields } from "./try-arguments.ts";

export type TryTyped = Readonly<{
  form: URLSearchParams;
  problems: ReadonlyMap<string, string>;
}>;

type TryFormParts = Readonly<{
  path: string;
  fields: TryFields;
  typed: TryTyped;
  hidden: Child;
  isDestructive: boolean;
}>;

/** The arguments of a tool, each in a field of its own or all of them as JSON. */
export function TryForm({ path, fields, typed, hidden, isDestructive }: TryFormParts) {
  const { form, problems } = typed;
  const jsonProblem = problems.get(JSON_FIELD);
  const isJson = form.get("as") === "json";
  const run = (as: string): Child => (
    <p class="bar">
      <button class={isDestructive ? "danger" : "main"} name="as" value={as}>
        Run it
      </button>
      <span role="status" data-busy-text="Running…"></span>
    </p>
  );
  return (
    <>
      <form method="post" action={path} data-busy>
        {hidden}
        {fields.fields.length === 0 ? <p class="dim">It takes no arguments.</p> : ""}
        {fields.fields.map((field, place) => (
          <Field
            field={field}
            id={`f${place}`}
            components={fields.components}
            value={isJson ? "" : (form.get(fieldName(field)) ?? "")}
            problem={problems.get(field.name)}
          />
        ))}
        {fields.left === 0 ? (
          ""
        ) : (
          <p class="hint">And {fields.left} more arguments: write them as JSON.</p>
        )}
        {run("fields")}
      </form>
      <details class="box" open={isJson}>
        <summary>Write the arguments as JSON</summary>
        <form method="post" action={path} data-busy>
          {hidden}
          <label for="json">Arguments</label>
          {jsonProblem === undefined ? (
            ""
          ) : (
            <p class="bad" role="alert" id="json-problem">
              {jsonProblem}
            </p>
          )}
          <textarea
            id="json"
            name="json"
            rows={6}
            aria-invalid={jsonProblem === undefined ? undefined : "true"}
            aria-describedby={jsonProblem === undefined ? undefined : "json-problem"}
          >
            {`\n${form.get("json") ?? "{}"}`}
          </textarea>
          {run("json")}
        </form>
      </details>
    </>
  );
}

type FieldParts = Readonly<{
  field: TryField;
  id: string;
  components: Components;
  value: string;
  problem: string | undefined;
}>;

function Field({ field, id, components, value, problem }: FieldParts) {
  const { name, schema, resolved, isRequired } = field;
  const { description } = resolved;
  const limits = limitsOf(resolved);
  return (
    <div class="field">
      <label for={id}>
        <code>{plain(name)}</code> {isRequired ? <b class="bad">needed</b> : ""}
      </label>
      <div class="hint" id={`${id}-hint`}>
        <code>{plain(typeText(schema, components))}</code>
        {limits.length === 0 ? "" : ` ${plain(limits.join(", "))}`}
        {typeof description === "string" ? prose(description) : ""}
      </div>
      {problem === undefined ? (
        ""
      ) : (
        <p class="bad" role="alert" id={`${id}-problem`}>
          {problem}
        </p>
      )}
      <Control
        field={field}
        value={value}
        attributes={{
          id,
          name: fieldName(field),
          "aria-describedby": `${problem === undefined ? "" : `${id}-problem `}${id}-hint`,
          ...(problem === undefined ? {} : { "aria-invalid": "true" as const }),
        }}
      />
    </div>
  );
}

type ControlParts = Readonly<{
  field: TryField;
  value: string;
  attributes: Readonly<{
    id: string;
    name: string;
    "aria-describedby": string;
    "aria-invalid"?: "true";
  }>;
}>;

function Control({ field: { resolved, isRequired }, value, attributes }: ControlParts) {
  const choices = choicesOf(resolved);
  if (choices !== undefined) {
    return (
      <select {...attributes}>
        {isRequired && choices.length === 1 ? (
          ""
        ) : (
          <option value="">{isRequired ? "choose" : "leave out"}</option>
        )}
        {choices.map((choice) => {
          const text = JSON.stringify(choice);
          return (
            <option value={text} selected={text === value}>
              {choiceText(choice)}
            </option>
          );
        })}
      </select>
    );
  }
  const hint = plain(hintOf(resolved));
  const kind = kindOf(resolved);
  if (kind === "number") {
    return (
      <input
        {...attributes}
        value={value}
        inputmode="decimal"
        placeholder={hint}
        autocomplete="off"
      />
    );
  }
  return (
    <textarea {...attributes} class="line" rows={kind === "json" ? 3 : 1} placeholder={hint}>
      {`\n${value}`}
    </textarea>
  );
}
