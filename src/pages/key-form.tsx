import type { Visitor } from "../auth/web-session.ts";
import { SelectField, TextField, TickField } from "./fields.tsx";
import { FormToken, Notice } from "./page.tsx";
import { EXPIRIES } from "./read-key-form.ts";
import type { ScopeChoice } from "./scope-choices.ts";
import { ScopeFields } from "./scope-fields.tsx";

export type KeyFormProps = Readonly<{
  action: string;
  visitor: Visitor;
  choices: readonly ScopeChoice[];
  typed: URLSearchParams;
  problem: string | undefined;
  /** Whom it can be made for, and what only an owner may decide; undefined on people's own pages. */
  people: readonly (readonly [id: string, name: string])[] | undefined;
}>;

/** Makes a key; `readKeyForm` reads it. */
export function KeyForm({ action, visitor, choices, typed, problem, people }: KeyFormProps) {
  return (
    <>
      {problem === undefined ? "" : <Notice kind="problem">{problem}</Notice>}
      <form method="post" action={action}>
        <FormToken visitor={visitor} />
        <TextField
          name="name"
          label="Name"
          typed={typed}
          required
          maxlength={100}
          hint="Where it will be used: you will know it by this later"
        />
        {people === undefined ? (
          ""
        ) : (
          <SelectField
            name="user"
            label="Whose it is"
            typed={typed}
            options={people}
            hint="It acts as that person: under their rules, with their logins, and dies with them"
          />
        )}
        <SelectField
          name="expires"
          label="Good for"
          typed={typed}
          options={EXPIRIES}
          initial="7776000"
        />
        <ScopeFields legend="What it may use" choices={choices} typed={typed} />
        <fieldset>
          <legend>How</legend>
          <TickField
            name="readOnly"
            typed={typed}
            label="Reads only:"
            hint="sees no tool that is not marked as one that changes nothing"
          />
          <TickField
            name="search"
            typed={typed}
            label="Searches tools:"
            hint="three small tools stand for all of them, for models with little room"
          />
          <TickField
            name="resourceTools"
            typed={typed}
            label="Resources as tools:"
            hint="for clients that know nothing but tools"
          />
          <SelectField
            name="approvals"
            label="Calls a person has to allow"
            typed={typed}
            options={people === undefined ? OWN_APPROVALS : ALL_APPROVALS}
          />
          <TextField
            name="models"
            label="Language models"
            typed={typed}
            placeholder="all"
            hint="Globs separated by commas, such as local/*, mcp-gateway"
          />
        </fieldset>
        {people === undefined ? "" : <OwnersFields typed={typed} />}
        <p class="bar">
          <button class="main">Create the key</button>
        </p>
      </form>
    </>
  );
}

/** A person's key may ask for more care than the gateway does, never for less. */
const OWN_APPROVALS = [
  ["", "As the gateway says"],
  ["always", "All of them"],
] as const;

const ALL_APPROVALS = [
  ["", "As the gateway says"],
  ["never", "None"],
  ["ask", "Those that may change something"],
  ["always", "All of them"],
] as const;

function OwnersFields({ typed }: Readonly<{ typed: URLSearchParams }>) {
  const isOpen = ["concurrent", "perMinute", "perDay", "openWebui", "connect"].some(
    (name) => (typed.get(name) ?? "") !== "",
  );
  return (
    <details class="box" open={isOpen}>
      <summary>Limits, Open WebUI, connectors</summary>
      <LimitFields typed={typed} />
      <SelectField
        name="openWebui"
        label="People of an Open WebUI behind this key"
        typed={typed}
        options={[
          ["", "Not believed"],
          ["jwt", "Believed when signed (jwt)"],
          ["headers", "Believed as headers say"],
        ]}
      />
      <TextField
        name="connect"
        label="A connector's key, for the backends"
        typed={typed}
        hint="Globs separated by commas. Such a key brings local servers and is good for nothing else"
      />
    </details>
  );
}

export function LimitFields({ typed }: Readonly<{ typed: URLSearchParams }>) {
  return (
    <div class="three">
      <div>
        <TextField
          name="concurrent"
          label="Calls at once"
          typed={typed}
          inputmode="numeric"
          placeholder="no limit"
        />
      </div>
      <div>
        <TextField
          name="perMinute"
          label="Calls a minute"
          typed={typed}
          inputmode="numeric"
          placeholder="no limit"
        />
      </div>
      <div>
        <TextField
          name="perDay"
          label="Calls a day (UTC)"
          typed={typed}
          inputmode="numeric"
          placeholder="no limit"
        />
      </div>
    </div>
  );
}
