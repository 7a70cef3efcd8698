import type { Context, Handler } from "hono";
import type { Visitor } from "../auth/web-session.ts";
import type { RequestContext } from "../gateway/gateway.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { readOwnForm, requireAdmin, requireVisitor } from "../pages/require-visitor.ts";
import type { AdminPageNeeds } from "./admin-page-needs.ts";

/** Somebody who may, at one of the owner's pages. */
export type OwnerVisit = Readonly<{
  visitor: Visitor;
  context: RequestContext;
  request: Request;
  /** Which of our own origins the browser is at. */
  origin: string;
  /** A part of the path; empty when there is none of this name. */
  param: (name: string) => string;
  /** A value of the query; empty when there is none. */
  query: (name: string) => string;
}>;

type VisitNeeds = Pick<AdminPageNeeds, "sessions" | "ownOrigin" | "contextOf">;
type Show = (visit: OwnerVisit) => Promise<Response>;
type Take = (visit: OwnerVisit & Readonly<{ form: URLSearchParams }>) => Promise<Response>;

/** A page for admins alone; strangers are led to the sign-in page. */
export function ownerPage(needs: VisitNeeds, show: Show): Handler {
  return async (c) => {
    const visit = await openVisit(needs, c);
    return visit instanceof Response ? visit : show(visit);
  };
}

/** What an admin sends from a page of this session; anything else is refused before it is read. */
export function ownerForm(needs: VisitNeeds, take: Take): Handler {
  return async (c) => {
    const visit = await openVisit(needs, c);
    if (visit instanceof Response) return visit;
    const { visitor, request, origin } = visit;
    const form = await readOwnForm(request, { visitor, ownOrigin: origin });
    return take({ ...visit, form });
  };
}

async function openVisit(needs: VisitNeeds, c: Context): Promise<OwnerVisit | Response> {
  const request = c.req.raw;
  const origin = requireOwnOrigin(needs.ownOrigin, request);
  const context = needs.contextOf(request, c.executionCtx);
  const visitor = await requireVisitor(needs.sessions, request, context);
  if (visitor instanceof Response) return visitor;
  requireAdmin(visitor);
  return {
    visitor,
    context,
    request,
    origin,
    param: (name) => c.req.param(name) ?? "",
    query: (name) => c.req.query(name) ?? "",
  };
}
