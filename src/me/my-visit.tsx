import type { Handler } from "hono";
import type { Child } from "hono/jsx";
import { ownMenu } from "../pages/menus.ts";
import { Notice, renderPage } from "../pages/page.tsx";
import {
  formFor,
  pageFor,
  type Show,
  type Take,
  type Visit,
  type VisitNeeds,
} from "../pages/visit.ts";

/** A page of everybody's own; strangers are led to the sign-in page. */
export function myPage(needs: VisitNeeds, show: Show): Handler {
  return pageFor(everybody, needs, show);
}

/** What a visitor sends from a page of this session; anything else is refused before it is read. */
export function myForm(needs: VisitNeeds, take: Take): Handler {
  return formFor(everybody, needs, take);
}

function everybody(): void {}

export type MyPage = Readonly<{
  title: string;
  /** The path of the menu's item. */
  open: string;
  content: Child;
  status?: number;
  script?: string;
}>;

/** With the menu of a visitor's own pages. */
export function renderMyPage({ visitor }: Pick<Visit, "visitor">, page: MyPage): Promise<Response> {
  return renderPage({ ...page, visitor, menu: ownMenu(visitor) });
}

/** After a form that ended a key or a client. */
export function RevokedNotice({ query }: Pick<Visit, "query">) {
  if (query("done") !== "revoked") return "";
  return <Notice kind="done">Revoked: it is refused everywhere within 5 seconds</Notice>;
}
