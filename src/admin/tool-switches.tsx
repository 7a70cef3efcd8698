import { showInvisible } from "../catalog/invisible-text.ts";
import type { Child } from "hono/jsx";
import type { BackendFacts } from "./backend-facts.ts";
import { ToolBadges } from "./tool-badges.tsx";
import { tryPath } from "./try-path.ts";

/** The first words of a description say what a tool is for. */
const MAX_DESCRIPTION = 400;
/** With fewer, finding is done by looking. */
const FIND_FROM = 9;

type Switches = Readonly<{ facts: BackendFacts; path: string; form: Child }>;

/** One form for all tools of a backend: what is not ticked is unknown to every client. */
export function ToolSwitches({ facts, path, form }: Switches) {
  const { tools, toolsDigest, disabled, written } = facts;
  if (tools.length === 0) return "";
  return (
    <section aria-labelledby="tools">
      <h2 id="tools">Tools</h2>
      <p class="hint">A tool that is not ticked is unknown to every client, whoever asks.</p>
      {tools.length < FIND_FROM ? (
        ""
      ) : (
        <p class="find" hidden>
          <label for="find">Find a tool</label>
          <input id="find" type="search" data-find="tools-list" autocomplete="off" />
        </p>
      )}
      <form method="post" action={`${path}/tools`}>
        {form}
        <input type="hidden" name="tools" value={toolsDigest} />
        <ul class="rows" id="tools-list">
          {tools.map((tool, place) => {
            const { name, description, annotations } = tool;
            const isOn = !disabled.has(name);
            return (
              <li>
                <label class="tick">
                  <input type="checkbox" name="on" value={place} checked={isOn} />
                  <span>
                    <code>{showInvisible(name)}</code> <ToolBadges annotations={annotations} />
                    {typeof description === "string" ? (
                      <small>{cut(showInvisible(description))}</small>
                    ) : (
                      ""
                    )}
                  </span>
                </label>
                {isOn && written.isEnabled ? (
                  <a class="button" href={tryPath(written.name, name)}>
                    Try<span class="unseen"> {showInvisible(name)}</span>
                  </a>
                ) : (
                  ""
                )}
              </li>
            );
          })}
        </ul>
        <p class="bar stay">
          <button class="main">Store the switches</button>
        </p>
      </form>
    </section>
  );
}

function cut(text: string): string {
  return text.length > MAX_DESCRIPTION ? `${text.slice(0, MAX_DESCRIPTION)}…` : text;
}
