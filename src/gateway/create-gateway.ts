import { objectName } from "../backends/lease-source.ts";
import { isPersonal } from "../backends/login-names.ts";
import { toExposedName } from "../catalog/exposed-name.ts";
import type { BackendReport } from "../config/backend-report.ts";
import type { BackendConfig } from "../config/gateway-config.ts";
import type { SnapshotSource } from "../config/snapshot.ts";
import { findParamMarks } from "../core/param-marks.ts";
import { isJsonObject } from "../core/json.ts";
import { approvalRule } from "./approval-rule.ts";
import { compileAccess, FULL_POLICY_ID } from "../auth/access.ts";
import { GatewayError } from "../core/errors.ts";
import type { ExposedName } from "../core/ids.ts";
import { maskUrl } from "../core/redact.ts";
import { describeView } from "./describe-view.ts";
import type {
  BackendStatus,
  CallToApprove,
  Gateway,
  LocatedRequest,
  VisibleTool,
  Whereabouts,
} from "./gateway.ts";
import { HOUSE, type HouseTool } from "./house-tool.ts";
import { announcersOf, fingerprintOf, resourceOwnerOf } from "./live-view.ts";
import { perform, placeOf, type PerformDeps } from "./perform.ts";
import { findHouseTool } from "./perform-house-tool.ts";
import type { View } from "./view.ts";
import type { HeldView, OwnConnections } from "./views.ts";

export type GatewayDeps = PerformDeps & Readonly<{ snapshots: SnapshotSource }>;

/** One per isolate. */
export function createGateway(deps: GatewayDeps): Gateway {
  const find = (
    ...[caller, scope, context]: Parameters<typeof deps.views.find>
  ): HeldView | Promise<HeldView> =>
    deps.views.held(caller, scope, context) ?? deps.views.find(caller, scope, context);

  return {
    async tools(caller, scope, context) {
      const { view } = await find(caller, scope, context);
      return visibleTools(view);
    },

    async tool(caller, scope, name, context) {
      const { view } = await find(caller, scope, context);
      return visibleTool(view, name);
    },

    async listText(caller, scope, kind, context) {
      const { view } = await find(caller, scope, context);
      return view.text(kind);
    },

    async listPage(caller, scope, { kind, cursor }, context) {
      const { view } = await find(caller, scope, context);
      return view.page(kind, cursor);
    },

    async markedSchema(caller, scope, tool, context) {
      // Who lists no tools cannot know which of their parameters are marked.
      if (caller.mode === "search") return undefined;
      const { view } = await find(caller, scope, context);
      const schema = view.tools.get(tool)?.tool.inputSchema;
      return schema !== undefined && findParamMarks(schema).marks.length > 0 ? schema : undefined;
    },

    async describe(caller, scope, context) {
      const { view } = await find(caller, scope, context);
      return describeView(view);
    },

    forward: (caller, request, context) => perform(deps, caller, request, context),

    async toApprove(caller, request, context) {
      if (caller.approvals === undefined) return undefined;
      const { view } = await find(caller, request.scope, context);
      const call = backendCall(view, request);
      return call !== undefined && approvalRule(caller.approvals)(call.tool) ? call : undefined;
    },

    locate(caller, request, context) {
      const held = find(caller, request.scope, context);
      return held instanceof Promise
        ? held.then((found) => whereabouts(found, request))
        : whereabouts(held, request);
    },

    async notify(caller, { order, client }, notification) {
      const holder = { userId: caller.userId, sessionful: true, client };
      const lease = await deps.leases.lease(order, holder);
      await deps.tell({ lease, object: objectName(order, holder), notification });
    },

    async fingerprint(caller, scope, context) {
      return fingerprintOf(await find(caller, scope, context));
    },

    async announcers(caller, scope, context) {
      return announcersOf(await find(caller, scope, context));
    },

    async resourceOwner(caller, scope, uri, context) {
      return resourceOwnerOf(await find(caller, scope, context), scope, uri);
    },

    limits: ({ limits = [] }) =>
      Promise.all(
        limits.map(async (one) => ({
          of: one.subject.split("/", 1)[0] ?? "",
          limits: one.limits,
          use: await deps.limits.use(one.subject).catch(() => undefined), // the rest is worth telling
        })),
      ),

    async status(caller, context) {
      const snapshot = await deps.snapshots.current(context);
      const permits = compileAccess(caller.access);
      const [rules] = caller.policyId.split("+");
      const isFree = rules === FULL_POLICY_ID && caller.readOnly !== true;
      const own = await deps.views.own(caller, snapshot, context);
      return snapshot.config.backends
        .filter(({ name }) => permits(name))
        .map((config) => {
          const known = toStatus(config, snapshot.reports[config.name], snapshot.configVersion);
          // They name tools, and not all of them are anything to somebody under rules.
          const status = isFree ? known : { ...known, warnings: [] };
          return isPersonal(config) ? ownStatus(status, own) : status;
        });
    },
  };
}

function whereabouts(held: HeldView, request: LocatedRequest): Whereabouts {
  const house = findHouseTool(held.view, request);
  return house === undefined
    ? whereaboutsOf(held, request)
    : innerWhereabouts(held, request, house);
}

function whereaboutsOf(held: HeldView, request: LocatedRequest): Whereabouts {
  const { target, order, sessionful, account } = placeOf(held, request);
  const { backend } = target;
  const { config } = order;
  const own = held.personal?.states.get(backend);
  return {
    backend,
    order,
    era: (own ?? held.snapshot.reports[backend])?.era,
    sessionful,
    account,
    detachAfterMs: config.detachAfterMs,
  };
}

const AT_HOME: Whereabouts = {
  order: undefined,
  backend: HOUSE,
  era: undefined,
  sessionful: false,
};

/** Of the request a house tool will make; what is wrong with that one, the call itself will say. */
function innerWhereabouts(held: HeldView, request: LocatedRequest, tool: HouseTool): Whereabouts {
  const inner = tool.toRequest?.(request.params, held.view.tools);
  if (inner === undefined) return AT_HOME;
  try {
    return whereaboutsOf(held, { ...request, ...inner });
  } catch (error) {
    if (error instanceof GatewayError) return AT_HOME;
    throw error;
  }
}

/** The call of a backend's tool that a request comes to. */
function backendCall(view: View, request: LocatedRequest): CallToApprove | undefined {
  const house = findHouseTool(view, request);
  const asked = house === undefined ? request : house.toRequest?.(request.params, view.tools);
  if (asked?.method !== "tools/call") return undefined;
  const { name, arguments: args } = asked.params;
  const tool = typeof name === "string" ? view.tools.get(name) : undefined;
  if (tool === undefined) return undefined;
  return { tool: { ...tool, name: tool.ownName }, arguments: isJsonObject(args) ? args : {} };
}

function visibleTools({ tools, house }: View): readonly VisibleTool[] {
  const offered: VisibleTool[] = [...tools].map(([name, tool]) => ({ ...tool, name }));
  for (const [name, tool] of house) {
    if (tool.standing === undefined) offered.push(asVisible(name, tool));
  }
  return house.size === 0
    ? offered
    : offered.toSorted((a, b) => (a.exposedName < b.exposedName ? -1 : 1));
}

function visibleTool({ tools, house }: View, name: string): VisibleTool | undefined {
  const tool = tools.get(name);
  if (tool !== undefined) return { ...tool, name };
  const own = house.get(name);
  return own === undefined || own.standing !== undefined ? undefined : asVisible(name, own);
}

function asVisible(name: string, { definition, standsFor }: HouseTool): VisibleTool {
  if (standsFor !== undefined) {
    const { backend, ownName } = standsFor;
    const exposedName = toExposedName(backend, ownName);
    return { name, exposedName, backend, ownName, tool: definition };
  }
  return {
    name,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- plain letters, and free in its view
    exposedName: name as ExposedName,
    backend: HOUSE,
    ownName: definition.name,
    tool: definition,
  };
}

function toStatus(
  config: BackendConfig,
  report: BackendReport | undefined,
  configVersion: number,
): BackendStatus {
  const { transport } = config;
  return {
    name: config.name,
    session: config.session,
    transport: transport.kind === "builtin" ? `builtin ${transport.builtin}` : transport.kind,
    address: "url" in transport ? maskUrl(transport.url) : undefined,
    ...(report ?? unreported(config, configVersion)),
  };
}

/** Of a backend that everybody logs in to: how the caller's own connection is. */
function ownStatus(status: BackendStatus, own: OwnConnections | undefined): BackendStatus {
  const state = own?.personal.states.get(status.name);
  if (state === undefined) return { ...status, credentials: "per-user" };
  const listing = own?.listings.get(status.name);
  const { login, state: connected, listingHash, era, sessionful } = state;
  // Of one that waits for a login it is known what it has: the tool that leads there.
  const hash = listingHash ?? (login === "ready" ? undefined : `log-in-${login}`);
  return {
    ...status,
    credentials: "per-user",
    state: connected,
    listingHash: hash,
    era,
    sessionful,
    login: login === "ready" ? "ready" : "needed",
    ...(listing === undefined
      ? {}
      : {
          counts: {
            tools: listing.tools.length,
            prompts: listing.prompts.length,
            resources: listing.resources.length,
            resourceTemplates: listing.resourceTemplates.length,
          },
        }),
  };
}

function unreported({ transport }: BackendConfig, configVersion: number): BackendReport {
  return {
    state: transport.kind === "stdio" ? "offline" : "connecting",
    configVersion,
    listingHash: undefined,
    era: undefined,
    protocolVersion: undefined,
    sessionful: false,
    counts: { tools: 0, prompts: 0, resources: 0, resourceTemplates: 0 },
    warnings: [],
    lastError: undefined,
    lastSeen: undefined,
    latencyMs: undefined,
  };
}
