import type { ScopeChoice } from "./scope-choices.ts";

type Patterns = Readonly<{ allow: readonly string[]; deny: readonly string[] }>;

/** What a form with two `ScopePicker`s says. Ticks count only beside the choice "only these". */
export function readScope(form: URLSearchParams): Patterns {
  const isLimited = form.get("scope") === "some";
  return {
    allow: isLimited ? [...form.getAll("allow"), ...linesOf(form.get("allowMore"))] : [],
    deny: [...form.getAll("deny"), ...linesOf(form.get("denyMore"))],
  };
}

/** "Only these" with nothing ticked would be read as everything. */
export function isEmptyScope(form: URLSearchParams): boolean {
  return form.get("scope") === "some" && readScope(form).allow.length === 0;
}

/** The other way: patterns as the fields of a form that shows them. */
export function writeScope(
  { allow, deny }: Patterns,
  choices: readonly ScopeChoice[],
): URLSearchParams {
  const known = new Set(
    choices.flatMap(({ backend, tools }) => [
      backend,
      ...tools.map(({ name }) => `${backend}/${name}`),
    ]),
  );
  const form = new URLSearchParams({ scope: allow.length === 0 ? "all" : "some" });
  for (const [name, patterns] of [["allow", allow] as const, ["deny", deny] as const]) {
    for (const pattern of patterns.filter((one) => known.has(one))) form.append(name, pattern);
    form.set(`${name}More`, patterns.filter((one) => !known.has(one)).join("\n"));
  }
  return form;
}

export function linesOf(text: string | null): readonly string[] {
  return [...new Set((text ?? "").split(/[\n,]/).map((line) => line.trim()))].filter(
    (line) => line !== "",
  );
}
