import { Hono } from "hono";
import { OWNER_ID } from "../auth/user-id.ts";
import type { SnapshotData } from "../config/registry.ts";
import { SelectField, TextField } from "../pages/fields.tsx";
import { AUDIT_OUTCOMES } from "../telemetry/audit-event.ts";
import { ActivityTable } from "./activity-table.tsx";
import type { AdminPageNeeds } from "./admin-page-needs.ts";
import { parseAuditQuery } from "./audit-query.ts";
import { LIVE_SCRIPT } from "./live-script.ts";
import { renderOwnerPage } from "./owner-shell.tsx";
import { ownerPage } from "./owner-visit.ts";

const ACTIVITY = "/admin/activity";
const PER_PAGE = 50;
/** More people than a choice is made of; the address takes any id. */
const MAX_CHOICES = 500;
const NARROWED = ["user", "backend", "outcome", "kind", "target"] as const;

const OUTCOMES: readonly (readonly [string, string])[] = [
  ["", "any"],
  ["trouble", "any trouble"],
  ...AUDIT_OUTCOMES.map((outcome) => [outcome, outcome.replace("_", " ")] as const),
];
const KINDS: readonly (readonly [string, string])[] = [
  ["", "everything"],
  ["call", "calls"],
  ["chat", "chats"],
  ["owner", "sign-ins and changes"],
];

/** Who called what with which outcome; never with what, and never what came of it. */
export function createActivityPage(needs: AdminPageNeeds): Hono {
  const routes = new Hono();

  routes.get(
    ACTIVITY,
    ownerPage(needs, async (visit) => {
      const { searchParams } = new URL(visit.request.url);
      const query = { ...parseAuditQuery(searchParams), since: undefined, limit: PER_PAGE };
      const [events, snapshot] = await Promise.all([
        needs.audit().query(query),
        needs.snapshots.current(visit.context),
      ]);
      const names = namesIn(snapshot);
      const narrowed = narrowing(searchParams);
      const isFirst = query.before === undefined;
      const oldest = events.length < PER_PAGE ? undefined : events.at(-1)?.id;
      return renderOwnerPage(visit, {
        title: "Activity",
        open: ACTIVITY,
        ...(isFirst ? { script: LIVE_SCRIPT } : {}),
        content: (
          <>
            <h1>Activity</h1>
            <Filters typed={searchParams} names={names} snapshot={snapshot} />
            <p class="bar">
              {isFirst ? (
                <>
                  <a class="button" href={`${ACTIVITY}?${narrowed}`} data-live="reload">
                    Reload
                  </a>
                  <button type="button" data-live="toggle" aria-pressed="true" hidden>
                    Live
                  </button>
                  <span class="dim" role="status" data-live="status"></span>
                </>
              ) : (
                <a class="button" href={`${ACTIVITY}?${narrowed}`}>
                  Newest
                </a>
              )}
              <a class="button" href={`/admin/api/audit.jsonl?${narrowed}`} download="audit.jsonl">
                Download as JSON lines
              </a>
            </p>
            <div id="events">
              {events.length === 0 ? (
                <p class="dim">
                  {narrowed === "" && isFirst
                    ? "Nothing has happened yet."
                    : "There is no such event."}
                </p>
              ) : (
                <ActivityTable events={events} names={names} now={needs.now()} />
              )}
              {oldest === undefined ? (
                ""
              ) : (
                <p class="bar">
                  <a class="button" href={`${ACTIVITY}?${withBefore(narrowed, oldest)}`}>
                    Older
                  </a>
                </p>
              )}
            </div>
          </>
        ),
      });
    }),
  );

  return routes;
}

type FilterParts = Readonly<{
  typed: URLSearchParams;
  names: ReadonlyMap<string, string>;
  snapshot: SnapshotData;
}>;

function Filters({ typed, names, snapshot }: FilterParts) {
  const backends = snapshot.config.backends.map(({ name }) => [name, name] as const);
  return (
    <form method="get" action={ACTIVITY} class="filters">
      <div>
        <SelectField
          name="user"
          label="Who"
          typed={typed}
          options={[["", "anybody"], ...withOwn([...names].slice(0, MAX_CHOICES), typed, "user")]}
        />
      </div>
      <div>
        <SelectField
          name="backend"
          label="Backend"
          typed={typed}
          options={[["", "any"], ...withOwn(backends, typed, "backend")]}
        />
      </div>
      <div>
        <SelectField name="outcome" label="Outcome" typed={typed} options={OUTCOMES} />
      </div>
      <div>
        <SelectField name="kind" label="What" typed={typed} options={KINDS} />
      </div>
      <div>
        <TextField name="target" label="Tool" typed={typed} maxlength={200} />
      </div>
      <p class="bar">
        <button>Narrow</button>
      </p>
    </form>
  );
}

type Options = readonly (readonly [value: string, text: string])[];

/** Who or what is gone can be asked for all the same. */
function withOwn(options: Options, typed: URLSearchParams, name: string): Options {
  const own = typed.get(name) ?? "";
  return own === "" || options.some(([value]) => value === own)
    ? options
    : [...options, [own, own]];
}

/** What users are called, by their ids. */
function namesIn({ users }: SnapshotData): ReadonlyMap<string, string> {
  return new Map([
    [OWNER_ID, "Owner"],
    ...Object.entries(users).map(([id, { name }]) => [id, name] as const),
  ]);
}

function narrowing(params: URLSearchParams): string {
  const kept = NARROWED.flatMap((name) => {
    const value = params.get(name) ?? "";
    return value === "" ? [] : [[name, value.slice(0, 200)]];
  });
  return new URLSearchParams(kept).toString();
}

function withBefore(narrowed: string, before: number): string {
  const params = new URLSearchParams(narrowed);
  params.set("before", String(before));
  return params.toString();
}
