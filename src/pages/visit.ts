import type { Context, Handler } from "hono";
import type { Visitor, WebSessions } from "../auth/web-session.ts";
import type { RequestContext } from "../gateway/gateway.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { readOwnForm, requireVisitor } from "./require-visitor.ts";

/** Somebody who is signed in, at one of our pages. */
export type Visit = Readonly<{
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

export type VisitNeeds = Readonly<{
  sessions: Pick<WebSessions, "find">;
  ownOrigin: (request: Request) => string | undefined;
  contextOf: (request: Request, execution: Pick<ExecutionContext, "waitUntil">) => RequestContext;
}>;

export type Show = (visit: Visit) => Promise<Response>;
export type Take = (visit: Visit & Readonly<{ form: URLSearchParams }>) => Promise<Response>;
/** Throws for who may not be here. */
type Permit = (visitor: Visitor) => void;

/** A page for whom `permit` lets in; strangers are led to the sign-in page. */
export function pageFor(permit: Permit, needs: VisitNeeds, show: Show): Handler {
  return async (c) => {
    const visit = await openVisit(permit, needs, c);
    return visit instanceof Response ? visit : show(visit);
  };
}

/** What they send from a page of this session; anything else is refused before it is read. */
export function formFor(permit: Permit, needs: VisitNeeds, take: Take): Handler {
  return async (c) => {
    const visit = await openVisit(permit, needs, c);
    if (visit instanceof Response) return visit;
    const { visitor, request, origin } = visit;
    const form = await readOwnForm(request, { visitor, ownOrigin: origin });
    return take({ ...visit, form });
  };
}

async function openVisit(permit: Permit, needs: VisitNeeds, c: Context): Promise<Visit | Response> {
  const request = c.req.raw;
  const origin = requireOwnOrigin(needs.ownOrigin, request);
  const context = needs.contextOf(request, c.executionCtx);
  const visitor = await requireVisitor(needs.sessions, request, context);
  if (visitor instanceof Response) return visitor;
  permit(visitor);
  return {
    visitor,
    context,
    request,
    origin,
    param: (name) => c.req.param(name) ?? "",
    query: (name) => c.req.query(name) ?? "",
  };
}
