import type { BackendOrder } from "../config/backend-order.ts";
import type { BackendState } from "../config/backend-report.ts";
import type { Era } from "../core/era.ts";
import type { BackendName, UserId } from "../core/ids.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Acting, LoginStatus } from "./logins.ts";

/**
 * What is asked of the object that keeps all logins of one user, or those that everybody shares.
 * One object for all of somebody's: they are listed, looked at by every isolate, and forgotten
 * together.
 */
export interface LoginStub {
  /** Everything there is, also of backends that are not configured any more. */
  known(): Promise<readonly KnownLogin[]>;
  begin(order: BackendOrder, ask: BeginAsk): Promise<Outcome<string>>;
  finish(order: BackendOrder, ask: FinishAsk): Promise<Outcome<string>>;
  putKey(order: BackendOrder, account: string, key: string): Promise<Outcome<void>>;
  /** The account that is meant where none is named. */
  prefer(backend: BackendName, account: string): Promise<Outcome<void>>;
  forget(backend: BackendName, account: string): Promise<Outcome<void>>;
  /** Its user is gone. */
  forgetAll(): Promise<void>;
  /** From the object of a backend, which is told when what it got is good no more. */
  credential(order: BackendOrder, ask: CredentialAsk): Promise<Outcome<Credential>>;
  /** What a backend wants a token to be good for that was refused for lack of it. */
  needScope(backend: BackendName, account: string, scope: string): Promise<void>;
  /** How the user's own connections are, each begun where it is not; waits for the first listings. */
  personal(
    orders: readonly BackendOrder[],
    ask: Readonly<{ user: UserId; waitMs: number; person?: Acting | undefined }>,
  ): Promise<readonly PersonalState[]>;
  /** From the object of a backend of this user's own. */
  reportPersonal(backend: BackendName, account: string, report: PersonalReport): Promise<void>;
  /** For whom a user that only a client vouches for acts; undefined: nobody has said. */
  acting(): Promise<Acting | undefined>;
}

/** Accounts have a name, or the empty one. */
export type KnownLogin = Omit<LoginStatus, "user" | "account"> &
  Readonly<{ account: string; isDefault: boolean }>;

export type BeginAsk = Readonly<{
  account: string;
  user: UserId | "shared";
  origin: string;
  /** Who sits in front of the browser: nobody else may finish it. */
  visitor: UserId;
  next: string;
}>;

export type FinishAsk = Readonly<{
  /** What the state of `begin` names. */
  secret: string;
  params: readonly (readonly [string, string])[];
  origin: string;
  visitor: UserId;
}>;

export type CredentialAsk = Readonly<{
  account: string;
  /** The object that asks. */
  object: string;
  /** The version that the backend has just refused. */
  refused?: number | undefined;
}>;

export type ReadyCredential = Extract<Credential, { state: "ready" }>;
export type Credential =
  | Readonly<{
      state: "ready";
      kind: "oauth" | "key";
      secret: string;
      version: number;
      /** Epoch ms; undefined: until it is refused. */
      expires: number | undefined;
      /** Epoch ms: whoever holds it asks again then, at the latest. */
      askAgainAt: number;
    }>
  | Readonly<{ state: "missing" | "ended" }>;

/** What a user's own connection to a backend has come to. */
export type PersonalReport = Readonly<{
  configVersion: number;
  state: BackendState;
  listingHash: string | undefined;
  era: Era | undefined;
  sessionful: boolean;
}>;

export type PersonalState = Readonly<{
  backend: BackendName;
  account: string;
  isDefault: boolean;
  login: LoginStatus["state"];
  state: BackendState;
  listingHash: string | undefined;
  era: Era | undefined;
  sessionful: boolean;
}>;
