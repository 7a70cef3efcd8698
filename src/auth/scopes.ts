import type { Resource } from "./caller.ts";

/** One scope per resource: what it reaches inside is the consent's and the key's access rules. */
export const SCOPE_OF = { mcp: "mcp", v1: "v1" } as const satisfies Record<Resource, string>;

export const RESOURCES = ["mcp", "v1"] as const satisfies readonly Resource[];
