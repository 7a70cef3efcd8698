import { Hono } from "hono";
import { visitorCaller } from "../auth/visitor-caller.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { BackendName } from "../core/ids.ts";
import type { Caller } from "../auth/caller.ts";
import type { ClientPort, VisibleTool } from "../gateway/gateway.ts";
import { NOBODY_TO_ASK, type Question, QuestionRefused } from "../core/question.ts";
import { FormToken, Notice } from "../pages/page.tsx";
import { plain, prose } from "../pages/stranger-text.ts";
import type { AdminPageNeeds } from "./admin-page-needs.ts";
import { BACKENDS_PATH } from "./backends-page.tsx";
import { HELP_SCRIPT } from "./help-script.ts";
import { renderOwnerPage } from "./owner-shell.tsx";
import { ownerForm, ownerPage, type OwnerVisit } from "./owner-visit.ts";
import { ToolBadges } from "./tool-badges.tsx";
import { readTryFields, readTryJson, tryFields } from "./try-arguments.ts";
import { TryForm, type TryTyped } from "./try-form.tsx";
import { tryPath } from "./try-path.ts";
import { type Tried, TryResult } from "./try-result.tsx";

/** What the page says it can be asked, so that questions are put and can at least be shown. */
const CAPABILITIES: JsonObject = { elicitation: { form: {}, url: {} } };
/** Its own sessions at legacy backends, which are told once what they may ask. */
const CONNECTION = "pages";
/** A backend that goes on asking is not listened to. */
const MAX_QUESTIONS = 20;
const NOTHING_TYPED: TryTyped = { form: new URLSearchParams(), problems: new Map() };

type Found = Readonly<{ caller: Caller; backend: BackendName; tool: VisibleTool }>;

/** Runs a tool for the owner, and shows what came of it. */
export function createTryPage(needs: AdminPageNeeds): Hono {
  const routes = new Hono();
  const path = "/admin/try/:backend/:tool{.+}";

  /** As the owner's clients see it; what is hidden from them cannot be tried either. */
  async function find({ visitor, context, param }: OwnerVisit): Promise<Found> {
    const snapshot = await needs.snapshots.current(context);
    const caller = await visitorCaller(visitor, snapshot);
    const backend = snapshot.config.backends.find(({ name }) => name === param("backend"))?.name;
    const name = param("tool");
    const tool =
      backend === undefined
        ? undefined
        : await needs.gateway.tool(caller, { kind: "one", backend }, name, context);
    if (backend !== undefined && tool !== undefined) return { caller, backend, tool };
    throw new GatewayError(
      "not_found",
      `Cannot try tool "${plain(name).slice(0, 100)}": it is unknown, switched off, or not listed right now`,
    );
  }

  async function run(found: Found, args: JsonObject, { context }: OwnerVisit): Promise<Tried> {
    const { caller, backend, tool } = found;
    const started = needs.now();
    const asked: Question[] = [];
    const note = (question: Question): void => {
      if (asked.length < MAX_QUESTIONS) asked.push(question);
    };
    const client: ClientPort = {
      capabilities: CAPABILITIES,
      connection: CONNECTION,
      // Nobody decided anything: that is "cancel" (MCP 2025-11-25, client/elicitation).
      ask: async (question) => {
        note(question);
        if (question.method === "elicitation/create") return { action: "cancel" };
        throw new QuestionRefused(NOBODY_TO_ASK);
      },
      onUndeclared: note,
    };
    try {
      const answer = await needs.gateway.forward(
        caller,
        {
          method: "tools/call",
          scope: { kind: "one", backend },
          id: 1,
          params: { name: tool.name, arguments: args },
          approved: true, // by the hand that pressed the button
          client,
        },
        context,
      );
      return { ms: needs.now() - started, answer, asked };
    } catch (error) {
      return { ms: needs.now() - started, error, asked };
    }
  }

  routes.get(
    path,
    ownerPage(needs, async (visit) => show(visit, await find(visit), NOTHING_TYPED)),
  );

  routes.post(
    path,
    ownerForm(needs, async (visit) => {
      const { form } = visit;
      const found = await find(visit);
      const read =
        form.get("as") === "json"
          ? readTryJson(form.get("json") ?? "")
          : readTryFields(tryFields(found.tool.tool.inputSchema), form);
      if (read.kind === "problems") return show(visit, found, { form, problems: read.problems });
      const tried = await run(found, read.value, visit);
      return show(visit, found, { form, problems: new Map() }, tried);
    }),
  );

  return routes;
}

function show(
  visit: OwnerVisit,
  { backend, tool }: Found,
  typed: TryTyped,
  tried?: Tried,
): Promise<Response> {
  const { name, description, annotations, inputSchema } = tool.tool;
  const said = isJsonObject(annotations) ? annotations : {};
  const isDestructive = said["destructiveHint"] === true && said["readOnlyHint"] !== true;
  return renderOwnerPage(visit, {
    title: `Try ${plain(name)}`,
    open: BACKENDS_PATH,
    status: typed.problems.size === 0 ? 200 : 422,
    script: HELP_SCRIPT,
    content: (
      <>
        <p class="hint">
          <a href={BACKENDS_PATH}>Backends</a> /{" "}
          <a href={`${BACKENDS_PATH}/${backend}`}>{backend}</a>
        </p>
        <h1>
          {plain(name)} <ToolBadges annotations={annotations} />
        </h1>
        {typeof description === "string" ? <div class="prose">{prose(description)}</div> : ""}
        {isDestructive ? (
          <Notice kind="problem">
            This tool says that it deletes or overwrites something. It runs for real, in your name.
          </Notice>
        ) : said["readOnlyHint"] === true ? (
          ""
        ) : (
          <p class="hint">It runs for real, in your name, and is noted in the activity.</p>
        )}
        {tried === undefined ? "" : <TryResult tried={tried} />}
        <h2>{tried === undefined ? "Arguments" : "Again"}</h2>
        <TryForm
          path={tryPath(backend, tool.name)}
          fields={tryFields(inputSchema)}
          typed={typed}
          isDestructive={isDestructive}
          hidden={<FormToken visitor={visit.visitor} />}
        />
      </>
    ),
  });
}
