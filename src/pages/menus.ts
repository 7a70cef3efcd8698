import type { Visitor } from "../auth/web-session.ts";
import type { MenuItem } from "./page.tsx";

/** The pages of everybody who is signed in. */
export const PERSON_MENU: readonly MenuItem[] = [
  { path: "/me", label: "Me" },
  { path: "/me/keys", label: "Keys" },
  { path: "/me/logins", label: "Logins" },
  { path: "/me/clients", label: "Clients" },
  { path: "/me/connect", label: "Connect" },
];

/** The owner's pages. */
export const OWNER_MENU: readonly MenuItem[] = [
  { path: "/admin", label: "Overview" },
  { path: "/admin/backends", label: "Backends" },
  { path: "/admin/people", label: "People" },
  { path: "/admin/keys", label: "Keys" },
  { path: "/admin/clients", label: "Clients" },
  { path: "/admin/connect", label: "Connect" },
  { path: "/admin/activity", label: "Activity" },
  { path: "/me", label: "Me" },
];

/** Of somebody's own pages: who may use the owner's finds the way back there. */
export function ownMenu({ isAdmin }: Pick<Visitor, "isAdmin">): readonly MenuItem[] {
  return isAdmin ? [...PERSON_MENU, { path: "/admin", label: "Admin" }] : PERSON_MENU;
}
