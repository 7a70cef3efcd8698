import { Hono } from "hono";
import type { Probe } from "../backends/probe-backend.ts";
import type { BackendConfig } from "../config/gateway-config.ts";
import { privateTargetProblem } from "../config/private-targets.ts";
import { parseConfig } from "../config/config-document.ts";
import type { SnapshotData } from "../config/registry.ts";
import { asGatewayError, GatewayError } from "../core/errors.ts";
import { FormToken, Notice } from "../pages/page.tsx";
import { seeOther } from "../pages/require-visitor.ts";
import { plain } from "../pages/stranger-text.ts";
import type { AdminPageNeeds } from "./admin-page-needs.ts";
import { BACKENDS_PATH, placeOf } from "./backends-page.tsx";
import { type OpenConfig, openConfig, storeConfig } from "./change-config.ts";
import { withEntries } from "./config-entries.ts";
import { renderOwnerPage } from "./owner-shell.tsx";
import { ownerForm, ownerPage, type OwnerVisit } from "./owner-visit.ts";
import { type Pasted, readPasted } from "./read-pasted.ts";

const ADD_PATH = `${BACKENDS_PATH}/add`;
/** Each is a handshake; who pastes more looks at some of them. */
const MAX_TESTED = 5;

type Typed = Readonly<{ text: string; name: string }>;
type Tested = Readonly<{ name: string; probe?: Probe; problem?: string }>;
type Shown = Readonly<{
  typed: Typed;
  problem?: string;
  /** What was pasted, and the config it would go into. */
  preview?: Readonly<{ pasted: Pasted; config: OpenConfig; tests: readonly Tested[] }>;
}>;

/** Adding backends: paste, look at what would change, test, add. */
export function createAddBackendPage(needs: AdminPageNeeds): Hono {
  const routes = new Hono();

  routes.get(
    ADD_PATH,
    ownerPage(needs, (visit) => show(visit, { typed: { text: "", name: "" } })),
  );

  routes.post(
    ADD_PATH,
    ownerForm(needs, async (visit) => {
      const { form } = visit;
      const typed = { text: form.get("text") ?? "", name: form.get("name") ?? "" };
      try {
        const [config, snapshot] = await Promise.all([
          openConfig(needs.registry()),
          needs.snapshots.current(visit.context),
        ]);
        const pasted = readPasted(typed.text, typed.name);
        requirePublic(pasted, snapshot);
        const step = form.get("step");
        if (step === "add") return await add(pasted, config, form);
        const tests = step === "test" ? await testAll(pasted, visit, snapshot) : [];
        return await show(visit, { typed, preview: { pasted, config, tests } });
      } catch (thrown) {
        const error = asGatewayError(thrown);
        if (error.code === "internal") throw thrown;
        return show(visit, { typed, problem: error.message });
      }
    }),
  );

  async function add(pasted: Pasted, config: OpenConfig, form: URLSearchParams): Promise<Response> {
    const replaced = replacedIn(pasted, config);
    // Only what the preview said: another tab may have added one of the same name meanwhile.
    const agreed = new Set(form.getAll("replace"));
    const surprise = replaced.find((name) => !agreed.has(name));
    if (surprise !== undefined) {
      throw new GatewayError(
        "conflict",
        `Cannot add "${surprise}": there is one of this name meanwhile, look at the preview again`,
      );
    }
    await storeConfig(needs.registry(), config, withEntries(config.document, pasted.entries));
    const [only, ...more] = pasted.entries.keys();
    const path = more.length === 0 ? `/${only ?? ""}` : "";
    return seeOther(`${BACKENDS_PATH}${path}?done=added`);
  }

  function testAll(
    { backends }: Pasted,
    { context }: OwnerVisit,
    { privateOrigins, configVersion }: SnapshotData,
  ): Promise<readonly Tested[]> {
    const tested = backends.filter(isRemote).slice(0, MAX_TESTED);
    return Promise.all(
      tested.map(async (config): Promise<Tested> => {
        const { name } = config;
        try {
          const order = { config, configVersion, privateOrigins };
          return { name, probe: await needs.probe(order, context) };
        } catch (error) {
          return { name, problem: asGatewayError(error).message };
        }
      }),
    );
  }

  return routes;
}

function requirePublic({ backends }: Pasted, { privateOrigins }: SnapshotData): void {
  const problem = privateTargetProblem({ ...EMPTY, backends }, privateOrigins);
  if (problem !== undefined) throw problem;
}

const EMPTY = parseConfig({ mcpServers: {} }).config;

function isRemote({ transport }: BackendConfig): boolean {
  return transport.kind === "streamable-http" || transport.kind === "sse";
}

function replacedIn({ entries }: Pasted, config: OpenConfig): readonly string[] {
  return config.entries.map(({ name }) => name).filter((name) => entries.has(name));
}

function show(visit: OwnerVisit, shown: Shown): Promise<Response> {
  const { typed, problem, preview } = shown;
  return renderOwnerPage(visit, {
    title: "Add a backend",
    open: BACKENDS_PATH,
    status: problem === undefined ? 200 : 422,
    content: (
      <>
        <h1>Add a backend</h1>
        {preview === undefined ? "" : <Preview visit={visit} typed={typed} preview={preview} />}
        <form method="post" action={ADD_PATH}>
          <FormToken visitor={visit.visitor} />
          {preview === undefined ? "" : <h2>Change what you pasted</h2>}
          <label for="text">Address or JSON</label>
          <p class="hint" id="text-hint">
            The address of an MCP server, one entry, or a whole <code>mcpServers</code> file, as
            Claude Desktop, Cursor or VS Code have it. Write secrets as <code>{"${NAME}"}</code> to
            keep them out of the config.
          </p>
          {problem === undefined ? (
            ""
          ) : (
            <p class="bad" role="alert" id="text-problem">
              {problem}
            </p>
          )}
          <textarea
            id="text"
            name="text"
            rows={8}
            required
            aria-describedby={problem === undefined ? "text-hint" : "text-problem text-hint"}
            aria-invalid={problem === undefined ? undefined : "true"}
          >
            {`\n${typed.text}`}
          </textarea>
          <label for="name">Name</label>
          <p class="hint" id="name-hint">
            For one that comes without a name: letters, digits and “-”. Left out, it is taken from
            the address.
          </p>
          <input
            id="name"
            name="name"
            value={typed.name}
            maxlength={31}
            autocomplete="off"
            aria-describedby="name-hint"
          />
          <p class="bar">
            <button class={preview === undefined ? "main" : undefined} name="step" value="look">
              Look at it
            </button>
            <a class="button" href={BACKENDS_PATH}>
              Leave it
            </a>
          </p>
        </form>
      </>
    ),
  });
}

type PreviewParts = Readonly<{
  visit: OwnerVisit;
  typed: Typed;
  preview: NonNullable<Shown["preview"]>;
}>;

function Preview({ visit, typed, preview }: PreviewParts) {
  const { pasted, config, tests } = preview;
  const replaced = new Set(replacedIn(pasted, config));
  const canTest = pasted.backends.some(isRemote);
  return (
    <section aria-labelledby="preview">
      <h2 id="preview">What would change</h2>
      <ul class="cards">
        {[...pasted.entries].map(([name, entry]) => {
          const backend = pasted.backends.find((one) => one.name === name);
          const tested = tests.find((one) => one.name === name);
          return (
            <li class="card">
              <h3>
                {name}{" "}
                <span class={`badge ${replaced.has(name) ? "warn" : "good"}`}>
                  {replaced.has(name) ? "replaces the one there is" : "new"}
                </span>
              </h3>
              <p class="hint">
                {backend === undefined ? "switched off" : backend.transport.kind} ·{" "}
                {placeOf({ entry })}
              </p>
              {tested === undefined ? "" : <TestResult tested={tested} />}
            </li>
          );
        })}
      </ul>
      {pasted.references.length === 0 ? (
        ""
      ) : (
        <Notice kind="note">
          Has to be set as a secret of the Worker:{" "}
          {pasted.references.map((name) => (
            <code>{name} </code>
          ))}
        </Notice>
      )}
      {pasted.started.length === 0 ? (
        ""
      ) : (
        <Notice kind="note">
          {pasted.started.join(", ")}: a local server is started by the connector on your machine (
          <code>npm run connect</code>); its command, arguments and environment stay there and are
          not stored here.
        </Notice>
      )}
      {pasted.warnings.length === 0 ? (
        ""
      ) : (
        <ul class="warn">
          {pasted.warnings.map((warning) => (
            <li>{plain(warning)}</li>
          ))}
        </ul>
      )}
      <form method="post" action={ADD_PATH} class="bar">
        <FormToken visitor={visit.visitor} />
        <input type="hidden" name="text" value={typed.text} />
        <input type="hidden" name="name" value={typed.name} />
        {[...replaced].map((name) => (
          <input type="hidden" name="replace" value={name} />
        ))}
        <button class="main" name="step" value="add">
          {pasted.entries.size === 1 ? "Add it" : `Add all ${pasted.entries.size}`}
        </button>
        {canTest ? (
          <button name="step" value="test">
            Test {tests.length === 0 ? "first" : "again"}
          </button>
        ) : (
          ""
        )}
      </form>
    </section>
  );
}

/** How many names of tools say what a server is for. */
const SHOWN_TOOLS = 12;

function TestResult({ tested: { probe, problem } }: Readonly<{ tested: Tested }>) {
  if (probe === undefined) {
    return (
      <p class="bad" role="status">
        {plain(problem ?? "")}
      </p>
    );
  }
  const { tools, hasMore, protocolVersion } = probe;
  const left = tools.length - SHOWN_TOOLS;
  return (
    <div role="status">
      <p class="good">
        It answers: {tools.length}
        {hasMore ? " or more" : ""} tools, MCP {protocolVersion}
      </p>
      <p class="hint">
        {tools
          .slice(0, SHOWN_TOOLS)
          .map(({ name }) => plain(name))
          .join(", ")}
        {left > 0 ? ` and ${left} more` : ""}
      </p>
    </div>
  );
}
