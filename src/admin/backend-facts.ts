import type { ListedTool, Listing } from "../catalog/listing.ts";
import type { ToolReview } from "../catalog/tool-review.ts";
import type { BackendReport } from "../config/backend-report.ts";
import { SHARED } from "../backends/login-names.ts";
import type { LoginStatus } from "../backends/logins.ts";
import { visitorCaller } from "../auth/visitor-caller.ts";
import type { SnapshotData } from "../config/registry.ts";
import { sha256Hex } from "../core/digest.ts";
import type { AdminPageNeeds } from "./admin-page-needs.ts";
import { type OpenConfig, openConfig, requireEntry } from "./change-config.ts";
import { disabledToolsOf, isPersonalEntry, type WrittenEntry } from "./config-entries.ts";
import type { OwnerVisit } from "./owner-visit.ts";
import { findWaiting } from "./waiting-tools.ts";

/** Everything that is known of one backend, when a page of it is made. */
export type BackendFacts = Readonly<{
  config: OpenConfig;
  written: WrittenEntry;
  report: BackendReport | undefined;
  listing: Listing | undefined;
  /** Sorted by name, those that are switched off and those that wait too. */
  tools: readonly ListedTool[];
  /** Of the names of `tools`: a form says ticks by their places. */
  toolsDigest: string;
  disabled: ReadonlySet<string>;
  reviews: readonly ToolReview[];
  /** The one that all callers use; undefined where it needs none. */
  login: LoginStatus | undefined;
}>;

/** Throws `not_found` for what is not in the config. */
export async function gatherFacts(
  needs: Pick<AdminPageNeeds, "registry" | "snapshots" | "backend" | "logins" | "gateway">,
  visit: Pick<OwnerVisit, "param" | "context" | "visitor">,
): Promise<BackendFacts> {
  const { param, context } = visit;
  const [config, snapshot] = await Promise.all([
    openConfig(needs.registry()),
    needs.snapshots.current(context),
  ]);
  const written = requireEntry(config, param("name"));
  const stub = needs.backend(written.name);
  const [listing, reviews, logins] = written.isEnabled
    ? await Promise.all([
        stub.listing(),
        findWaiting(written.name, {
          backend: needs.backend,
          backends: snapshot.config.backends,
        }),
        needs.logins.list(SHARED),
      ])
    : [undefined, [], []];
  const isPersonal = written.isEnabled && isPersonalEntry(written);
  const listed = isPersonal ? await ownTools(needs, visit, snapshot) : listing?.tools;
  const tools = withDisabled(listed ?? [], isPersonal ? disabledToolsOf(written) : []);
  const login = logins.find(({ backend }) => backend === written.name);
  return {
    config,
    written,
    listing,
    reviews,
    login,
    tools,
    report: written.isEnabled ? sinceLogin(snapshot.reports[written.name], login) : undefined,
    toolsDigest: await digestOf(tools),
    disabled: new Set(disabledToolsOf(written)),
  };
}

/** A login that was just made is known before the backend was tried with it. */
function sinceLogin(
  report: BackendReport | undefined,
  login: LoginStatus | undefined,
): BackendReport | undefined {
  if (report?.login !== "needed" || login?.state !== "ready") return report;
  return { ...report, state: "connecting", lastError: undefined };
}

/** Of a backend that everybody has a connection of their own to: what the visitor's offers. */
async function ownTools(
  { gateway }: Pick<AdminPageNeeds, "gateway">,
  { visitor, param, context }: Pick<OwnerVisit, "visitor" | "param" | "context">,
  snapshot: SnapshotData,
): Promise<readonly ListedTool[]> {
  const backend = snapshot.config.backends.find(({ name }) => name === param("name"))?.name;
  if (backend === undefined) return [];
  const caller = await visitorCaller(visitor, snapshot);
  const tools = await gateway.tools(caller, { kind: "one", backend }, context);
  return tools.filter((tool) => tool.backend === backend).map(({ tool }) => tool);
}

/** Sorted by name. What nobody sees any more is known by its name alone. */
function withDisabled(
  tools: readonly ListedTool[],
  disabled: readonly string[],
): readonly ListedTool[] {
  const known = new Set(tools.map(({ name }) => name));
  const others = disabled.filter((name) => !known.has(name));
  return [...tools, ...others.map((name) => ({ name, inputSchema: {} }))].toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  );
}

async function digestOf(tools: readonly ListedTool[]): Promise<string> {
  return (await sha256Hex(JSON.stringify(tools.map(({ name }) => name)))).slice(0, 16);
}
