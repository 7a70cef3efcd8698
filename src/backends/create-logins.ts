import type { BackendOrder } from "../config/backend-order.ts";
import type { BackendConfig } from "../config/gateway-config.ts";
import type { SnapshotData } from "../config/registry.ts";
import type { SnapshotSource } from "../config/snapshot.ts";
import { GatewayError } from "../core/errors.ts";
import type { BackendName, UserId } from "../core/ids.ts";
import { release } from "../core/outcome.ts";
import type { Seal } from "../core/seal.ts";
import type { LoginHolder, Logins, LoginStatus } from "./logins.ts";
import { isPersonal, loginKind, mayNeedLogin, SHARED } from "./login-names.ts";
import { openState } from "./login-state.ts";
import type { KnownLogin, LoginStub } from "./login-stub.ts";

export type LoginsNeeds = Readonly<{
  /** The object of a user's logins, or of the shared ones; only of a user who is known. */
  room: (user: UserId | typeof SHARED) => LoginStub;
  snapshots: SnapshotSource;
  /** Opens what `LoginObject` sealed into a state. */
  states: Seal;
  waitUntil: (work: Promise<unknown>) => void;
}>;

/** The logins of all holders, for pages. Whether somebody may have one is the asker's to check. */
export function createLogins({ room, snapshots, states, waitUntil }: LoginsNeeds): Logins {
  async function orderOf(backend: string, user: UserId | typeof SHARED): Promise<BackendOrder> {
    const snapshot = await snapshots.current({ waitUntil });
    const config = snapshot.config.backends.find(({ name }) => name === backend);
    if (config !== undefined && hasLogins(snapshot, config, user)) return asOrder(snapshot, config);
    throw new GatewayError("not_found", `Cannot find backend "${backend.slice(0, 40)}"`);
  }

  /** The change is in every other isolate within 5 s, and here at once. */
  function changed(): void {
    snapshots.expire();
  }

  return {
    async list(user) {
      const snapshot = await snapshots.current({ waitUntil });
      const known = await room(user).known();
      return snapshot.config.backends
        .filter(
          (config) =>
            hasLogins(snapshot, config, user) ||
            (user === SHARED &&
              mayNeedLogin(config) &&
              known.some(({ backend }) => backend === config.name)),
        )
        .flatMap((config) => statusesOf(config, user, known))
        .toSorted((a, b) => (a.backend < b.backend ? -1 : a.backend > b.backend ? 1 : 0));
    },
    async begin(holder, { origin, visitor, next }) {
      const order = await orderOf(holder.backend, holder.user);
      const { user, account = "" } = holder;
      return release(await room(user).begin(order, { account, user, origin, visitor, next }));
    },
    async finish(backend, { params, origin, visitor }) {
      const all = params.getAll("state");
      const state = all.length === 1 ? await openState(states, all[0] ?? "") : undefined;
      if (state === undefined) {
        throw new GatewayError(
          "invalid_request",
          "Cannot log in: the answer belongs to no login that was begun here",
        );
      }
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sealed by `begin`
      const user = state.user as UserId | typeof SHARED;
      const order = await orderOf(backend, user);
      const ask = { secret: state.secret, params: [...params], origin, visitor };
      const next = release(await room(user).finish(order, ask));
      changed();
      return next;
    },
    async putKey({ backend, user, account = "" }, key) {
      const order = await orderOf(backend, user);
      release(await room(user).putKey(order, account, key));
      changed();
    },
    async prefer({ backend, user, account = "" }) {
      release(await room(user).prefer(backend, account));
      changed();
    },
    async forget({ backend, user, account = "" }) {
      release(await room(user).forget(backend, account));
      changed();
    },
    async forgetAll(user) {
      await room(user).forgetAll();
    },
    acting: (user) => room(user).acting(),
  };
}

function hasLogins(
  { reports }: SnapshotData,
  config: BackendConfig,
  user: UserId | typeof SHARED,
): boolean {
  if (!mayNeedLogin(config) || isPersonal(config) !== (user !== SHARED)) return false;
  const isAsked = config.oauth !== undefined || loginKind(config) === "key";
  return user !== SHARED || isAsked || reports[config.name]?.login !== undefined;
}

function statusesOf(
  config: BackendConfig,
  user: UserId | typeof SHARED,
  known: readonly KnownLogin[],
): readonly LoginStatus[] {
  const kind = loginKind(config);
  const made = known.filter(({ backend, kind: own }) => backend === config.name && own === kind);
  if (made.length > 0) {
    return made.map(({ account, ...rest }) => ({
      ...rest,
      user,
      account: account === "" ? undefined : account,
    }));
  }
  return [missing({ backend: config.name, user, account: undefined }, kind)];
}

function missing(holder: LoginHolder, kind: LoginStatus["kind"]): LoginStatus {
  return {
    ...holder,
    kind,
    state: "missing",
    since: undefined,
    issuer: undefined,
    scope: undefined,
    problem: undefined,
    isDefault: true,
  };
}

function asOrder(
  { configVersion, privateOrigins }: SnapshotData,
  config: BackendConfig,
): BackendOrder {
  return { config, configVersion, privateOrigins };
}

/** Where somebody makes the login that a call found missing; a path of ours. */
export function loginPath(
  backend: BackendName,
  { account, forUser }: Readonly<{ account?: string | undefined; forUser?: UserId | undefined }>,
): string {
  const query = new URLSearchParams({
    ...(account === undefined || account === "" ? {} : { account }),
    ...(forUser === undefined ? {} : { for: forUser }),
  }).toString();
  return `/me/logins/${backend}${query === "" ? "" : `?${query}`}`;
}
