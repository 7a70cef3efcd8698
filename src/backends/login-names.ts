import type { BackendConfig } from "../config/gateway-config.ts";
import { USER_KEY } from "../config/secrets.ts";
import type { BackendName, UserId } from "../core/ids.ts";

/** The logins that everybody uses; no user is called so. */
export const SHARED = "shared";

const ACCOUNT = /^[a-z][a-z0-9-]{0,30}$/;

/**
 * Whether a text can name an account; the empty one is the account without a name, which tools call
 * "default".
 */
export function isAccount(text: string): boolean {
  return text === "" || (ACCOUNT.test(text) && text !== "default");
}

/** By OAuth, or with a key that each holder brings. */
export function loginKind({ transport }: BackendConfig): "oauth" | "key" {
  if (!("headers" in transport)) return "oauth";
  const wantsKey = Object.values(transport.headers).some((value) =>
    value.includes(`\${${USER_KEY}}`),
  );
  return wantsKey ? "key" : "oauth";
}

/** Whether everybody has a connection of their own to a backend. */
export function isPersonal({ credentials }: Pick<BackendConfig, "credentials">): boolean {
  return credentials === "per-user";
}

/** Whether a backend is remote and brings no credential of its own: it may want a login. */
export function mayNeedLogin(config: BackendConfig): boolean {
  const { transport } = config;
  if (transport.kind !== "streamable-http" && transport.kind !== "sse") return false;
  if (config.oauth !== undefined || isPersonal(config) || loginKind(config) === "key") return true;
  return Object.keys(transport.headers).length === 0;
}

/** The object of a user's own connection. */
export function personalObject(
  backend: BackendName,
  account: string | undefined,
  user: UserId,
): string {
  return account === undefined || account === ""
    ? `${backend}/${user}`
    : `${backend}:${account}/${user}`;
}

/** Whose login an object of a backend connects with, by its name. */
export type LoginHolding = Readonly<{ login: string; account: string }>;

/** What `personalObject` has put into a name; one of a shared login is anybody's. */
export function holdingOf(
  object: string,
  config: Pick<BackendConfig, "credentials">,
): LoginHolding {
  const [place = "", user] = object.split("/");
  if (!isPersonal(config) || user === undefined) return { login: SHARED, account: "" };
  return { login: user, account: place.split(":")[1] ?? "" };
}

/** The user in a name that `personalObject` made. */
export function toUserOf(login: string): UserId {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it went in as one
  return login as UserId;
}
