import type { Child } from "hono/jsx";

type Of = Readonly<{ name: string; label: string; typed: URLSearchParams; hint?: Child }>;

/** One line of a form, filled with what was typed before. */
export function TextField({
  name,
  label,
  typed,
  hint,
  ...rest
}: Of &
  Readonly<{
    type?: string;
    required?: boolean;
    maxlength?: number;
    placeholder?: string;
    inputmode?: "numeric" | "email";
    autocomplete?: string;
  }>) {
  const hintId = hint === undefined ? undefined : `${name}-hint`;
  return (
    <>
      <label for={name}>{label}</label>
      <input
        id={name}
        name={name}
        value={typed.get(name) ?? ""}
        autocomplete="off"
        aria-describedby={hintId}
        {...rest}
      />
      {hint === undefined ? (
        ""
      ) : (
        <p class="hint" id={hintId}>
          {hint}
        </p>
      )}
    </>
  );
}

export function SelectField({
  name,
  label,
  typed,
  hint,
  options,
  initial,
}: Of &
  Readonly<{ options: readonly (readonly [value: string, label: string])[]; initial?: string }>) {
  const chosen = typed.get(name) ?? initial;
  const hintId = hint === undefined ? undefined : `${name}-hint`;
  return (
    <>
      <label for={name}>{label}</label>
      <select id={name} name={name} aria-describedby={hintId}>
        {options.map(([value, text]) => (
          <option value={value} selected={value === chosen}>
            {text}
          </option>
        ))}
      </select>
      {hint === undefined ? (
        ""
      ) : (
        <p class="hint" id={hintId}>
          {hint}
        </p>
      )}
    </>
  );
}

export function TickField({
  name,
  typed,
  label,
  hint,
}: Readonly<{ name: string; typed: URLSearchParams; label: string; hint?: string }>) {
  return (
    <label class="tick">
      <input type="checkbox" name={name} value="yes" checked={typed.get(name) === "yes"} />
      <span>
        {label}
        {hint === undefined ? "" : <small> {hint}</small>}
      </span>
    </label>
  );
}

/** Who is not limited, and to what the others are. */
export function EitherField({
  name,
  typed,
  options,
}: Readonly<{
  name: string;
  typed: URLSearchParams;
  options: readonly (readonly [value: string, label: string])[];
}>) {
  const chosen = typed.get(name) ?? options[0]?.[0];
  return (
    <>
      {options.map(([value, text]) => (
        <label class="tick">
          <input type="radio" name={name} value={value} checked={value === chosen} />
          <span>{text}</span>
        </label>
      ))}
    </>
  );
}
