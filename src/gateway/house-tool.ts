import type { Caller } from "../auth/caller.ts";
import type { ListedTool } from "../catalog/listing.ts";
import type { CatalogTool } from "../catalog/merge-listings.ts";
import type { BackendState } from "../config/backend-report.ts";
import type { BackendConfig } from "../config/gateway-config.ts";
import type { JsonObject } from "../core/json.ts";
import type { Answer } from "../core/json-rpc.ts";
import type { BackendName } from "../core/ids.ts";
import type { FindAsk, FoundTool } from "./find-tools.ts";
import type { CallContext, ForwardedRequest, ListKind, LocatedRequest } from "./gateway.ts";

/** Stands where a backend is named, in the audit and in the list of tools. */
export const HOUSE = "gateway";

/**
 * A tool of the gateway's own, listed among those of the backends and called in the same way. Its
 * name yields to theirs: see `placeHouseTools`.
 */
export type HouseTool = Readonly<{
  /** As it is listed, under its plain name. */
  definition: ListedTool;
  /** It is there in place of a backend's own, under the names of that backend. */
  standsFor?: Readonly<{ backend: BackendName; ownName: string }>;
  /** What it says of itself in one view, where that depends on who sees it. */
  describe?: (asked: HouseGuest) => string;
  /**
   * Beside all other tools, as every tool without this. `instead`: a list has such tools and no
   * backend's. `unlisted`: understood when it is called, and in no list. Both are for clients that
   * list tools by MCP; other surfaces find tools in their own ways.
   */
  standing?: "instead" | "unlisted";
  /** Whether a view has it. Views are shared, so this may rest on nothing that `policyId` leaves out. */
  isIn: (asked: HouseGuest) => boolean;
  /** The one request to a backend that a call stands for, where it stands for one. */
  toRequest?: (
    params: JsonObject,
    tools: SeenTools,
  ) => Pick<LocatedRequest, "method" | "params"> | undefined;
  /** The result of tools/call, or a backend's whole answer where that is to be passed on. */
  perform: (call: HouseCall) => Promise<HouseResult>;
}>;

/** By the names of the scope. */
export type SeenTools = ReadonlyMap<string, CatalogTool>;

export type HouseGuest = Readonly<{
  caller: Pick<Caller, "resourceTools" | "mode">;
  /** The backends of which the caller sees anything. */
  backends: readonly BackendConfig[];
}>;

export type HouseCall = Readonly<{
  caller: Caller;
  /** The tools/call as it came. */
  request: ForwardedRequest;
  args: JsonObject;
  context: CallContext;
  /** What the caller sees in the scope of the request. */
  entries: (kind: ListKind) => readonly JsonObject[];
  tools: SeenTools;
  /** The backends of these tools, sorted by name. */
  backends: () => readonly SeenBackend[];
  /** Best first, and nothing that the caller does not see. */
  find: (ask: FindAsk) => Promise<readonly FoundTool[]>;
  /** What a house tool is called in this view. */
  houseName: (plain: string) => string;
  /** A path of ours as an address that people can open; undefined while none is known. */
  link: (path: string) => string | undefined;
  /** Which of the caller's accounts at a backend they see. */
  accountAt: (backend: BackendName) => string | undefined;
  /** Calls of this caller that go on without their client. */
  kept: (ask: KeptAsk) => Promise<KeptState>;
  /** In the caller's name: found, permitted, limited and recorded like a request of its own. */
  forward: (request: Pick<LocatedRequest, "method" | "params">) => Promise<Answer>;
}>;

export type SeenBackend = Readonly<{ name: BackendName; state: BackendState; tools: number }>;

export type KeptAsk = Readonly<{
  handle: string;
  /** How long to wait for a call that is still running. */
  waitMs: number;
  cancel: boolean;
}>;

/** `text` is the whole JSON-RPC answer, with its handle as the id. */
export type KeptState =
  | Readonly<{ kind: "unknown" }>
  | Readonly<{ kind: "running"; tool: string; seconds: number; message: string }>
  | Readonly<{ kind: "cancelled"; tool: string }>
  | Readonly<{ kind: "over"; text: string }>;

export type HouseResult =
  | Readonly<{ kind: "result"; result: JsonObject }>
  | Readonly<{ kind: "answer"; answer: Answer }>;

/**
 * The house tools of a view by the names they have there. A backend's tool of the same name wins,
 * because people call it by that name already.
 */
export function placeHouseTools(
  all: readonly HouseTool[],
  guest: HouseGuest,
  taken: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, HouseTool> {
  const placed = new Map<string, HouseTool>();
  for (const tool of all) {
    if (!tool.isIn(guest)) continue;
    let { name } = tool.definition;
    while (taken.has(name) || placed.has(name)) name = `${HOUSE}_${name}`;
    const description = tool.describe?.(guest);
    placed.set(
      name,
      description === undefined
        ? tool
        : { ...tool, definition: { ...tool.definition, description } },
    );
  }
  return placed;
}
