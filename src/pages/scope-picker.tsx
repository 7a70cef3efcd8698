import type { ScopeChoice } from "./scope-choices.ts";

export type ScopePickerProps = Readonly<{
  /** Of the form's fields: `allow` or `deny`. */
  name: "allow" | "deny";
  choices: readonly ScopeChoice[];
  typed: URLSearchParams;
}>;

/** Backends and tools to tick, and patterns for what ticks cannot say. `readScope` reads it. */
export function ScopePicker({ name, choices, typed }: ScopePickerProps) {
  const ticked = new Set(typed.getAll(name));
  return (
    <>
      {choices.map((choice) => (
        <BackendTicks name={name} choice={choice} ticked={ticked} />
      ))}
      <label for={`${name}-more`}>More, as patterns</label>
      <textarea
        id={`${name}-more`}
        name={`${name}More`}
        class="few"
        spellcheck={false}
        aria-describedby={`${name}-hint`}
      >
        {typed.get(`${name}More`) ?? ""}
      </textarea>
      <p class="hint" id={`${name}-hint`}>
        One a line: <code>backend</code> or <code>backend/tool</code>, with <code>*</code> for any
        characters, such as <code>erp/get_*</code>
      </p>
    </>
  );
}

function BackendTicks({
  name,
  choice,
  ticked,
}: Readonly<{ name: string; choice: ScopeChoice; ticked: ReadonlySet<string> }>) {
  const { backend, tools, more } = choice;
  const values = tools.map((tool) => ({ ...tool, value: `${backend}/${tool.name}` }));
  return (
    <div class="pick">
      <Tick name={name} value={backend} ticked={ticked}>
        <b>{backend}</b> <small>with everything it will ever offer</small>
      </Tick>
      {tools.length === 0 ? (
        ""
      ) : (
        <details open={values.some(({ value }) => ticked.has(value))}>
          <summary>
            Single tools of {backend} ({tools.length + more})
          </summary>
          <div class="ticks">
            {values.map((tool) => (
              <Tick name={name} value={tool.value} ticked={ticked}>
                <span>
                  {tool.name} {tool.readOnly ? <small>reads only</small> : ""}
                </span>
              </Tick>
            ))}
          </div>
          {more === 0 ? "" : <p class="hint">{more} more can be named as patterns</p>}
        </details>
      )}
    </div>
  );
}

function Tick({
  name,
  value,
  ticked,
  children,
}: Readonly<{
  name: string;
  value: string;
  ticked: ReadonlySet<string>;
  children?: unknown;
}>) {
  return (
    <label class="tick">
      <input type="checkbox" name={name} value={value} checked={ticked.has(value)} />
      <span>{children}</span>
    </label>
  );
}
