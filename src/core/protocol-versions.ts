/** The revision without sessions and handshake: every request carries its own envelope. */
export const MODERN_VERSION = "2026-07-28";

/** Newest first; `initialize` with anything else is answered with the first. */
export const LEGACY_VERSIONS: readonly string[] = [
  "2025-11-25",
  "2025-06-18",
  "2025-03-26",
  "2024-11-05",
];

/** Batches were part of the protocol in these two only (removed in 2025-06-18). */
export const BATCH_LIMIT = 100;

export const META = {
  protocolVersion: "io.modelcontextprotocol/protocolVersion",
  clientCapabilities: "io.modelcontextprotocol/clientCapabilities",
  clientInfo: "io.modelcontextprotocol/clientInfo",
  serverInfo: "io.modelcontextprotocol/serverInfo",
  logLevel: "io.modelcontextprotocol/logLevel",
} as const;
