import type { BackendName, UserId } from "../core/ids.ts";

/** Whose credentials at a backend: everybody's, or one user's, who may have several accounts there. */
export type LoginHolder = Readonly<{
  backend: BackendName;
  user: UserId | "shared";
  /** `^[a-z][a-z0-9-]{0,30}$`; undefined: the one without a name, which is the default. */
  account: string | undefined;
}>;

export type LoginStatus = LoginHolder &
  Readonly<{
    /** By OAuth, or with a key that the holder brings. */
    kind: "oauth" | "key";
    /** `ended`: it was there, and the backend or its authorization server honours it no more. */
    state: "missing" | "ready" | "ended";
    /** Epoch ms of the login. */
    since: number | undefined;
    /** Of the authorization server, without secrets. */
    issuer: string | undefined;
    scope: string | undefined;
    problem: string | undefined;
    /** Of several accounts, the one that is meant where none is named. */
    isDefault: boolean;
  }>;

/** Somebody whom a client speaks for, by that client's word. */
export type Acting = Readonly<{ name: string | undefined; email: string | undefined }>;

/** The logins at backends. What goes wrong on the way is a GatewayError that may be shown. */
export interface Logins {
  /** One or more for each backend of the config that has logins of this kind, sorted by name. */
  list(user: UserId | "shared"): Promise<readonly LoginStatus[]>;
  /** Discovers, registers if need be, and says where the browser goes on. `next`: a path of ours. */
  begin(
    holder: LoginHolder,
    to: Readonly<{ origin: string; visitor: UserId; next: string }>,
  ): Promise<string>;
  /** What the authorization server sent the browser back with; answers the `next` of `begin`. */
  finish(
    backend: string,
    from: Readonly<{ params: URLSearchParams; origin: string; visitor: UserId }>,
  ): Promise<string>;
  /** A key of the holder's own. */
  putKey(holder: LoginHolder, key: string): Promise<void>;
  /** Makes an account the default. */
  prefer(holder: LoginHolder): Promise<void>;
  /** Revokes what can be revoked, forgets everything; whoever uses it is without within 5 s. */
  forget(holder: LoginHolder): Promise<void>;
  /** Of a person who is removed, or of a key that was nobody's: everything, everywhere. */
  forgetAll(user: UserId): Promise<void>;
  /** For whom a user of a client acts (Open WebUI), by that client's word. */
  acting(user: UserId): Promise<Acting | undefined>;
}
