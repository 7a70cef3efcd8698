import type { Visitor } from "../auth/web-session.ts";
import { SelectField, TextField, TickField } from "../pages/fields.tsx";
import { LimitFields } from "../pages/key-form.tsx";
import { FormToken, Notice } from "../pages/page.tsx";
import type { ScopeChoice } from "../pages/scope-choices.ts";
import { ScopeFields } from "../pages/scope-fields.tsx";

export type PersonFormProps = Readonly<{
  action: string;
  /** Of the button. */
  does: string;
  visitor: Visitor;
  choices: readonly ScopeChoice[];
  /** Of everybody, to choose from. */
  groups: readonly string[];
  typed: URLSearchParams;
  problem: string | undefined;
  isNew: boolean;
}>;

/** Who a person is and what they may do. */
export function PersonForm(props: PersonFormProps) {
  const { action, does, visitor, choices, groups, typed, problem, isNew } = props;
  return (
    <>
      {problem === undefined ? "" : <Notice kind="problem">{problem}</Notice>}
      <form method="post" action={action}>
        <FormToken visitor={visitor} />
        <TextField name="name" label="Name" typed={typed} required maxlength={100} />
        <TextField
          name="email"
          label="Mail address"
          typed={typed}
          type="email"
          maxlength={254}
          hint="By this a sign-in with Google, Microsoft or the like finds them. It can stay empty"
        />
        <TextField
          name="groups"
          label="Groups"
          typed={typed}
          hint={
            groups.length === 0
              ? "Separated by commas; what a group may do stands in the config"
              : `Separated by commas. There are: ${groups.join(", ")}`
          }
        />
        <TickField name="admin" typed={typed} label="May use the owner’s pages" />
        {isNew ? (
          ""
        ) : (
          <TickField
            name="disabled"
            typed={typed}
            label="Switched off:"
            hint="kept, and refused everywhere within 5 seconds"
          />
        )}
        <ScopeFields legend="What they may use" choices={choices} typed={typed} />
        <fieldset>
          <legend>How</legend>
          <TickField
            name="readOnly"
            typed={typed}
            label="Read only:"
            hint="no tool that is not marked as one that changes nothing"
          />
          <SelectField
            name="approvals"
            label="Calls they have to allow"
            typed={typed}
            options={[
              ["", "As the gateway says"],
              ["ask", "Those that may change something"],
              ["always", "All of them"],
            ]}
          />
          <TextField
            name="models"
            label="Language models"
            typed={typed}
            placeholder="all"
            hint="Globs separated by commas"
          />
          <LimitFields typed={typed} />
        </fieldset>
        <p class="bar">
          <button class="main">{does}</button>
        </p>
      </form>
    </>
  );
}
