import type { Handler } from "hono";
import { requireAdmin } from "../pages/require-visitor.ts";
import {
  formFor,
  pageFor,
  type Show,
  type Take,
  type Visit,
  type VisitNeeds,
} from "../pages/visit.ts";

/** Somebody who may, at one of the owner's pages. */
export type OwnerVisit = Visit;

/** A page for admins alone; strangers are led to the sign-in page. */
export function ownerPage(needs: VisitNeeds, show: Show): Handler {
  return pageFor(requireAdmin, needs, show);
}

/** What an admin sends from a page of this session; anything else is refused before it is read. */
export function ownerForm(needs: VisitNeeds, take: Take): Handler {
  return formFor(requireAdmin, needs, take);
}
