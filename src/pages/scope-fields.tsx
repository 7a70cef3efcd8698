import { EitherField } from "./fields.tsx";
import type { ScopeChoice } from "./scope-choices.ts";
import { ScopePicker } from "./scope-picker.tsx";

/** Which backends and tools: everything or only what is ticked, and never what is forbidden. */
export function ScopeFields({
  legend,
  choices,
  typed,
}: Readonly<{ legend: string; choices: readonly ScopeChoice[]; typed: URLSearchParams }>) {
  const forbids = typed.has("deny") || (typed.get("denyMore") ?? "") !== "";
  return (
    <fieldset class="scope">
      <legend>{legend}</legend>
      <EitherField
        name="scope"
        typed={typed}
        options={[
          ["all", "Everything, also what is added later"],
          ["some", "Only what is ticked"],
        ]}
      />
      <div class="picks">
        <ScopePicker name="allow" choices={choices} typed={typed} />
      </div>
      <details open={forbids}>
        <summary>Never these</summary>
        <p class="hint">Wins over what is allowed.</p>
        <ScopePicker name="deny" choices={choices} typed={typed} />
      </details>
    </fieldset>
  );
}
