import { Hono } from "hono";
import {
  isFromAnotherSite,
  OWNER_CHALLENGE,
  requireOwner,
  type OwnerCheck,
} from "../auth/owner.ts";
import type { WebSessions } from "../auth/web-session.ts";
import { asGatewayError, GatewayError } from "../core/errors.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { problemResponse } from "../http/problem.ts";
import type { AuditQuery, AuditStore } from "../telemetry/audit-store.ts";
import { jsonLine } from "../telemetry/json-line.ts";
import { parseAuditQuery } from "./audit-query.ts";

export type AuditRouteNeeds = Readonly<{
  audit: () => Pick<AuditStore, "query" | "watch">;
  owner: OwnerCheck;
  sessions: Pick<WebSessions, "find">;
  ownOrigin: (request: Request) => string | undefined;
  requestIdOf: (request: Request) => string;
}>;

/** Each is one request to the store: a Worker may make 50 of them on the smallest plan. */
const MAX_PAGES = 40;
const PAGE = 1_000;
/** What one look at what is new brings; the next look brings the rest. */
const LIVE_PAGE = 200;

/**
 * The audit as JSON, for the owner's scripts and for the pages of whoever is signed in as one who
 * may: reading it changes nothing, so the cookie of a page of ours is enough.
 */
export function createAuditRoutes(needs: AuditRouteNeeds): Hono {
  const { audit } = needs;
  const routes = new Hono();

  routes.get("/admin/api/audit", async (c) => {
    await requireReader(needs, c.req.raw, c.executionCtx);
    const query = parseAuditQuery(new URL(c.req.url).searchParams);
    const events = await audit().query(query);
    const next = events.length < query.limit ? null : (events.at(-1)?.id ?? null);
    return c.json({ events, next }, 200, headersOf(needs, c.req.raw));
  });

  routes.get("/admin/api/audit.jsonl", async (c) => {
    await requireReader(needs, c.req.raw, c.executionCtx);
    const query = parseAuditQuery(new URL(c.req.url).searchParams);
    return c.body(linesOf(audit, query), 200, {
      ...headersOf(needs, c.req.raw),
      "content-type": "application/jsonl; charset=utf-8",
      "content-disposition": 'attachment; filename="audit.jsonl"',
    });
  });

  routes.get("/admin/api/audit/live", async (c) => {
    await requireReader(needs, c.req.raw, c.executionCtx);
    const query = parseAuditQuery(new URL(c.req.url).searchParams);
    const events = await newEvents(audit, query);
    // Whoever waited may have been told meanwhile that it is the owner's.
    await requireReader(needs, c.req.raw, c.executionCtx);
    return c.json(events, 200, headersOf(needs, c.req.raw));
  });

  routes.onError((thrown, c) => {
    const error = asGatewayError(thrown);
    const request = c.req.raw;
    // A browser would open a window for a password over the page whose session is over.
    const isBrowser = request.headers.has("cookie");
    const challenge =
      error.code === "unauthorized" && !isBrowser ? { "www-authenticate": OWNER_CHALLENGE } : {};
    return problemResponse(error, needs.requestIdOf(request), challenge);
  });

  return routes;
}

async function requireReader(
  { owner, sessions, ownOrigin }: AuditRouteNeeds,
  request: Request,
  context: Readonly<{ waitUntil: (work: Promise<unknown>) => void }>,
): Promise<void> {
  const origin = requireOwnOrigin(ownOrigin, request);
  if (request.headers.has("authorization") || !request.headers.has("cookie")) {
    return requireOwner(owner, request, origin);
  }
  if (isFromAnotherSite(request, origin)) {
    throw new GatewayError("forbidden", "Cannot read the audit from another site");
  }
  const visitor = await sessions.find(request, context);
  if (visitor === undefined) {
    throw new GatewayError("unauthorized", "Cannot read the audit: sign in again");
  }
  if (!visitor.isAdmin)
    throw new GatewayError("forbidden", "Cannot read the audit: it is the owner's");
}

function headersOf({ requestIdOf }: AuditRouteNeeds, request: Request): Record<string, string> {
  return {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-request-id": requestIdOf(request),
  };
}

/**
 * What came after `since`, oldest first, as soon as there is anything; nothing after 20 s. `last` is
 * the `since` of the next look.
 */
async function newEvents(
  audit: AuditRouteNeeds["audit"],
  { since, ...query }: AuditQuery,
): Promise<Readonly<{ events: readonly object[]; last: number }>> {
  if (since === undefined) return { events: [], last: await audit().watch(-1) };
  const newest = await audit().watch(since);
  const limit = Math.min(query.limit, LIVE_PAGE);
  const events = await audit().query({ ...query, limit, since, order: "oldest" });
  return {
    events,
    last: events.length < limit ? Math.max(newest, since) : (events.at(-1)?.id ?? since),
  };
}

/** Oldest first, read page by page as the reader takes them; who wants more goes on with `since`. */
function linesOf(audit: AuditRouteNeeds["audit"], query: AuditQuery): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let { since } = query;
  let pages = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const asked = { ...query, since, limit: PAGE, order: "oldest" } as const;
      const events = await audit().query(asked);
      since = events.at(-1)?.id;
      pages += 1;
      if (events.length > 0) {
        controller.enqueue(encoder.encode(events.map((event) => `${jsonLine(event)}\n`).join("")));
      }
      if (events.length < PAGE || pages === MAX_PAGES) controller.close();
    },
  });
}
