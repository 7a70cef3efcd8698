import type { Child } from "hono/jsx";
import { OWNER_MENU } from "../pages/menus.ts";
import { Notice, renderPage } from "../pages/page.tsx";
import type { OwnerVisit } from "./owner-visit.ts";

export type OwnerPage = Readonly<{
  title: string;
  /** The path of the menu's item. */
  open: string;
  content: Child;
  status?: number;
  script?: string;
}>;

/** A page with the owner's menu. */
export function renderOwnerPage(
  { visitor }: Pick<OwnerVisit, "visitor">,
  page: OwnerPage,
): Promise<Response> {
  return renderPage({ ...page, visitor, menu: OWNER_MENU });
}

/** What a form on the page before has done; only what is said here is ever shown. */
const DONE: Readonly<Record<string, string>> = {
  added: "Added. It is being connected, which takes a few seconds",
  revoked: "Revoked: it is refused everywhere within 5 seconds",
  gone: "Removed: all that was theirs is dead within 5 seconds",
  stored: "Stored, and in force everywhere within 5 seconds",
  on: "Switched on. It is being connected, which takes a few seconds",
  off: "Switched off: its tools are unknown everywhere within 5 seconds",
  removed: "Removed: nothing of it is left, and its tools are unknown within 5 seconds",
  restored: "Restored, and in force everywhere within 5 seconds",
  tools: "Stored: tools that are switched off are unknown everywhere within 5 seconds",
  decided: "Decided, and in force everywhere within 5 seconds",
  login: "Logged in. It is connected within a few seconds",
};

export function DoneNotice({ query }: Pick<OwnerVisit, "query">) {
  const text = Object.hasOwn(DONE, query("done")) ? DONE[query("done")] : undefined;
  return text === undefined ? "" : <Notice kind="done">{text}</Notice>;
}
