import type { BackendOrder, BackendStarter } from "../config/backend-order.ts";
import type { Listing } from "../catalog/listing.ts";
import type { ToolReview, ToolVerdict } from "../catalog/tool-review.ts";
import type { BackendName } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Lease } from "./lease.ts";

/** What the Worker asks of a backend's object. */
export interface BackendStub extends BackendStarter {
  /** Connects when needed; callers at the same time share one handshake. */
  lease(order: BackendOrder, ask: LeaseAsk): Promise<Outcome<Lease>>;
  listing(): Promise<Listing | undefined>;
  /** The tools that somebody has to look at, sorted by name. */
  reviews(): Promise<readonly ToolReview[]>;
  /** All of them or none: `conflict` when one names what does not wait. In force at once. */
  decide(verdicts: readonly ToolVerdict[]): Promise<Outcome<void>>;
  /** What of a listing made for one user is served: what is approved is so for all of them. */
  judge(order: BackendOrder, listing: Listing, asker: string): Promise<Listing>;
  /** To an object that asked for it: a verdict may be another now. False: it asks no more. */
  judgedAnew(): Promise<boolean>;
  /** Something went wrong on the direct lane: look at the backend soon. */
  refresh(): Promise<void>;
  /**
   * Somebody wants to hear this backend for the next 40 s. Settles when it is listened to and
   * everything asked for is confirmed, after 1.5 s at the latest.
   */
  attend(order: BackendOrder, attendance: Attendance): Promise<Outcome<void>>;
  leave(listener: string): Promise<void>;
  /** A list of the backend has changed: it is listed again at once. */
  listChanged(): Promise<void>;
  /** What it said of lists and resources in the middle of a call, which went past this object. */
  changed(notices: readonly JsonObject[]): Promise<void>;
  /** The login it uses has changed or is gone: what it holds of it is good no more. */
  loginChanged(): Promise<void>;
  /** A user's own connection is to be there: settles when it is listed, or cannot be. */
  prepare(order: BackendOrder): Promise<void>;
  /** The client whose session this is has gone: ends it at the backend, and forgets everything. */
  release(): Promise<void>;
  /** A connector for this backend is let in: `fetch` with its upgrade comes next. */
  expectConnector(order: BackendOrder): Promise<Outcome<void>>;
  /**
   * Lane `object`: one JSON-RPC message in, one Streamable HTTP response out. Or the upgrade of a
   * connector, whose credential the Worker has checked.
   */
  fetch(request: Request): Promise<Response>;
}

/**
 * `session`: the object of one user, which keeps no listing and reports nothing. `personal`: that of
 * one user's login, which lists for this user alone and reports to the object of their logins.
 */
export type BackendRole = "shared" | "session" | "personal";

export type Attendance = Readonly<{
  /** Name of the object that hears. */
  listener: string;
  role: BackendRole;
  capabilities?: JsonObject;
  /** Resources whose changes are of interest, as the backend names them. */
  uris: readonly string[];
  /** Whether everything else is wanted too: logs, requests of the backend outside of calls. */
  messages: boolean;
}>;

/** What a backend's object calls back: the object of a caller with open streams. */
export interface BackendListener {
  /**
   * A notification, or a request of the backend outside of any call (it has an id), which is
   * answered with the JSON-RPC response for it.
   */
  heard(
    from: Readonly<{ backend: BackendName; object: string }>,
    message: JsonObject,
  ): Promise<JsonObject | undefined>;
}

export type LeaseAsk = Readonly<{
  role: BackendRole;
  /** The revision of a lease that the backend no longer honours. */
  lost?: number;
  /** Not the session was lost, but the credential was refused; perhaps with the way to a login. */
  refused?: Readonly<{ wantsLogin: boolean }>;
  /** What is declared to a legacy backend at `initialize`; absent: nothing. */
  capabilities?: JsonObject;
}>;
