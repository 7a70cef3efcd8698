import type { MenuItem } from "./page.tsx";

/** The pages of everybody who is signed in. */
export const PERSON_MENU: readonly MenuItem[] = [{ path: "/me", label: "Me" }];

/** The owner's pages. */
export const OWNER_MENU: readonly MenuItem[] = [
  { path: "/admin", label: "Overview" },
  { path: "/admin/backends", label: "Backends" },
  { path: "/admin/activity", label: "Activity" },
  { path: "/me", label: "Me" },
];
