/** Modern is MCP 2026-07-28 (stateless, per-request `_meta`); legacy is everything before. */
export type Era = "modern" | "legacy";
