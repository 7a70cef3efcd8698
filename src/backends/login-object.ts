import { DurableObject } from "cloudflare:workers";
import type { BackendOrder } from "../config/backend-order.ts";
import type { Registry } from "../config/registry.ts";
import { REGISTRY_NAME } from "../config/registry-object.ts";
import { resolveSecrets, secretsIn } from "../config/secrets.ts";
import { randomToken, sha256Hex } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import type { BackendName, UserId } from "../core/ids.ts";
import { capture, type Outcome } from "../core/outcome.ts";
import { afterTimeout } from "../core/patience.ts";
import { createSeal, type Seal } from "../core/seal.ts";
import { headerProblem } from "../core/target-rules.ts";
import { wayOut, type WayOut } from "../core/way-out.ts";
import { within } from "../core/within.ts";
import { callbackOf, findClient } from "./authorization-client.ts";
import { type LoginSite, loginFailure } from "./authorization-fetch.ts";
import { authorizationUrl, requireCode } from "./authorization-page.ts";
import type { BackendStub } from "./backend-stub.ts";
import { findAuthorization } from "./find-authorization.ts";
import { isAccount, loginKind, personalObject, SHARED } from "./login-names.ts";
import { LoginRenewal, renewAt } from "./login-renewal.ts";
import { type LoginRow, LoginRows, type LoginSecrets } from "./login-rows.ts";
import { loginSite } from "./login-site.ts";
import { sealState } from "./login-state.ts";
import type { Acting } from "./logins.ts";
import type {
  BeginAsk,
  Credential,
  CredentialAsk,
  FinishAsk,
  KnownLogin,
  LoginStub,
  PersonalReport,
  PersonalState,
} from "./login-stub.ts";
import { LoginOver, requestTokens, revokeToken } from "./token-request.ts";

/** What this object needs of its Worker's environment; `${NAME}` of the config is looked up here too. */
export type LoginEnv = WayOut &
  Readonly<{
    ENCRYPTION_KEY?: string;
    REGISTRY: { getByName: (name: string) => Pick<Registry, "noteLogins"> };
    BACKENDS: { getByName: (name: string) => Pick<BackendStub, "loginChanged" | "prepare"> };
  }>;

/** From the first page to the last: somebody may have to look for a password in between. */
const PENDING_MS = 10 * 60 * 1_000;
/** Whoever holds a token asks again after this, should it never have been told of a change. */
const ASK_AGAIN_MS = 60_000;
/** `usedAt` is written this often at most. */
const USED_RESOLUTION_MS = 5 * 60_000;
/** A user's own listing that nobody renewed for so long is looked at again when they come. */
const STALE_MS = 5 * 60_000;
const MAX_ACCOUNTS = 10;
const MAX_KEY = 4_096;

/**
 * All logins of one user at backends, or those that everybody shares (its name says which): tokens
 * and keys, how they are got and renewed, and how the user's own connections are. Assume eviction
 * between any two lines.
 */
export class LoginObject extends DurableObject<LoginEnv> implements LoginStub {
  readonly #rows: LoginRows;
  readonly #states: Seal;
  readonly #renewal: LoginRenewal;
  readonly #fetch = wayOut(this.env);

  constructor(ctx: DurableObjectState, env: LoginEnv) {
    super(ctx, env);
    this.#rows = new LoginRows(ctx.storage.sql, createSeal(env.ENCRYPTION_KEY, "login"));
    this.#states = createSeal(env.ENCRYPTION_KEY, "login-state");
    this.#renewal = new LoginRenewal({
      rows: this.#rows,
      fetch: this.#fetch,
      onEnded: (row) => this.#changed(row.backend, row.account),
    });
  }

  async known(): Promise<readonly KnownLogin[]> {
    return this.#rows.all().map((row) => ({
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the order it was made with
      backend: row.backend as BackendName,
      account: row.account,
      kind: row.kind,
      state: row.state,
      since: row.since,
      issuer: row.issuer,
      scope: row.scope,
      problem: row.problem,
      isDefault: row.isDefault,
    }));
  }

  begin(order: BackendOrder, ask: BeginAsk): Promise<Outcome<string>> {
    return capture(async () => {
      const { name, oauth } = order.config;
      const { account, origin, user, visitor, next } = ask;
      this.#requireRoom(name, account);
      const site = this.#site(order);
      const wantedScope = this.#rows.find(name, account)?.wantedScope;
      const server = await findAuthorization(site, oauth, wantedScope);
      const redirectUri = callbackOf(origin, name);
      const clientId = `${server.issuer} ${redirectUri}`;
      const client = await findClient(site, server, {
        oauth,
        secret: this.#clientSecret(order),
        origin,
        known: await this.#rows.client(clientId, Date.now()),
      });
      if (client.registered) await this.#rows.putClient(clientId, client);
      const secret = randomToken(32);
      const verifier = randomToken(48);
      await this.#rows.putPending(await sha256Hex(secret), Date.now() + PENDING_MS, {
        backend: name,
        account,
        visitor,
        next,
        verifier,
        redirectUri,
        server,
        client,
        site: { url: site.url, privateOrigins: site.privateOrigins },
      });
      const state = await sealState(this.#states, { user, secret });
      return authorizationUrl({ server, client, redirectUri, verifier, state });
    });
  }

  finish(order: BackendOrder, ask: FinishAsk): Promise<Outcome<string>> {
    return capture(async () => {
      const { name } = order.config;
      const pending = await this.#rows.takePending(await sha256Hex(ask.secret), Date.now());
      if (pending === undefined || pending.backend !== name) {
        throw new GatewayError(
          "invalid_request",
          "Cannot log in: this login was finished already or took too long, begin it again",
        );
      }
      if (pending.visitor !== ask.visitor) {
        throw new GatewayError("forbidden", "Cannot log in: somebody else began this login");
      }
      const site = this.#site(order);
      // A token that was asked for at one place would be sent to the other.
      if (new URL(pending.site.url).origin !== new URL(site.url).origin) {
        throw new GatewayError(
          "invalid_request",
          "Cannot log in: the backend has moved since this login was begun, begin it again",
        );
      }
      const { server, client, account } = pending;
      const code = requireCode(site, server, ask.params);
      try {
        const tokens = await requestTokens(site, {
          server,
          client,
          grant: {
            grant_type: "authorization_code",
            code,
            redirect_uri: pending.redirectUri,
            code_verifier: pending.verifier,
          },
        });
        const scope = tokens.scope ?? server.scope;
        await this.#store(
          order,
          {
            account,
            kind: "oauth",
            issuer: server.issuer,
            ...(scope === undefined ? {} : { scope }),
            ...(tokens.expires === undefined ? {} : { expires: tokens.expires }),
            renewable: tokens.refresh !== undefined,
          },
          {
            kind: "oauth",
            access: tokens.access,
            ...(tokens.refresh === undefined ? {} : { refresh: tokens.refresh }),
            server,
            client,
            site: pending.site,
          },
        );
      } catch (error) {
        if (!(error instanceof LoginOver)) throw error;
        if (error.ofClient) this.#rows.removeClient(`${server.issuer} ${pending.redirectUri}`);
        throw loginFailure(site, error.message);
      }
      return pending.next;
    });
  }

  putKey(order: BackendOrder, account: string, key: string): Promise<Outcome<void>> {
    return capture(async () => {
      const text = key.trim();
      const problem = headerProblem("x-key", text);
      if (text === "" || text.length > MAX_KEY || problem !== undefined) {
        throw new GatewayError(
          "invalid_params",
          `Cannot keep the key: wanted one line of at most ${MAX_KEY} characters`,
        );
      }
      if (loginKind(order.config) !== "key") {
        throw new GatewayError(
          "invalid_params",
          `Cannot keep the key: backend "${order.config.name}" takes none`,
        );
      }
      this.#requireRoom(order.config.name, account);
      await this.#store(
        order,
        { account, kind: "key", renewable: false },
        {
          kind: "key",
          key: text,
        },
      );
    });
  }

  prefer(backend: BackendName, account: string): Promise<Outcome<void>> {
    return capture(async () => {
      if (this.#rows.find(backend, account) === undefined) throw noLogin(backend);
      for (const row of this.#rows.of(backend)) {
        this.#rows.note({ ...row, isDefault: row.account === account });
      }
      await this.#noteChange();
    });
  }

  forget(backend: BackendName, account: string): Promise<Outcome<void>> {
    return capture(async () => {
      const row = this.#rows.find(backend, account);
      if (row === undefined) throw noLogin(backend);
      await this.#forget(row);
      const left = this.#rows.of(backend);
      if (row.isDefault && left[0] !== undefined) {
        this.#rows.note({ ...left[0], isDefault: true });
      }
      await this.#changed(backend, account);
    });
  }

  async forgetAll(): Promise<void> {
    const rows = this.#rows.all();
    for (const row of rows) await this.#forget(row);
    await Promise.all(rows.map(({ backend, account }) => this.#tellHolders(backend, account)));
    this.#rows.clear();
    await this.ctx.storage.deleteAlarm();
  }

  credential(order: BackendOrder, ask: CredentialAsk): Promise<Outcome<Credential>> {
    return capture(async (): Promise<Credential> => {
      const { name } = order.config;
      const { account, object, refused } = ask;
      this.#rows.hold({ object, backend: name, account }, Date.now());
      const site = this.#site(order);
      const found = this.#usable(order, site).find((row) => row.account === account);
      if (found === undefined) return { state: "missing" };
      const row = await this.#renewal.renewed(found, site, refused);
      if (row.state === "ended") return { state: "ended" };
      const secrets = await this.#rows.secrets(row);
      if (secrets === undefined) return { state: "missing" };
      await this.#noteUse(row);
      return {
        state: "ready",
        kind: row.kind,
        secret: secrets.kind === "key" ? secrets.key : secrets.access,
        version: row.version,
        expires: row.expires,
        askAgainAt: Math.min(renewAt(row), Date.now() + ASK_AGAIN_MS),
      };
    });
  }

  async needScope(backend: BackendName, account: string, scope: string): Promise<void> {
    const row = this.#rows.find(backend, account);
    if (row === undefined || row.kind !== "oauth") return;
    const wantedScope = [...new Set([...words(row.scope), ...words(scope)])].join(" ");
    const problem = "asks for more rights than this login has: log in again";
    if (row.wantedScope === wantedScope) return;
    this.#rows.note({ ...row, wantedScope: wantedScope.slice(0, MAX_KEY), problem });
  }

  async personal(
    orders: readonly BackendOrder[],
    ask: Readonly<{ user: UserId; waitMs: number; person?: Acting | undefined }>,
  ): Promise<readonly PersonalState[]> {
    const { user, waitMs, person } = ask;
    if (person !== undefined) this.#rows.writeNote("acting", JSON.stringify(person));
    const now = Date.now();
    const missing: Promise<void>[] = [];
    for (const order of orders) {
      for (const row of this.#usableNow(order)) {
        if (row.state !== "ready") continue;
        const { report } = row;
        const isNew = report?.configVersion !== order.configVersion;
        if (!isNew && now - report.at < STALE_MS) continue;
        const object = personalObject(order.config.name, row.account, user);
        const started = this.env.BACKENDS.getByName(object).prepare(order);
        const done = started.catch(() => {}); // it is asked again in a few seconds
        this.ctx.waitUntil(done);
        if (report?.listingHash === undefined) missing.push(done);
      }
    }
    if (missing.length > 0 && waitMs > 0) await within(waitMs, Promise.all(missing), afterTimeout);
    return orders.flatMap((order) => this.#statesOf(order));
  }

  async reportPersonal(
    backend: BackendName,
    account: string,
    report: PersonalReport,
  ): Promise<void> {
    const row = this.#rows.find(backend, account);
    if (row === undefined) return;
    const { configVersion, state, listingHash, era, sessionful } = report;
    this.#rows.note({
      ...row,
      report: {
        at: Date.now(),
        configVersion,
        state,
        sessionful,
        ...(listingHash === undefined ? {} : { listingHash }),
        ...(era === undefined ? {} : { era }),
      },
    });
    const isSame = row.report?.listingHash === listingHash && row.report?.state === state;
    if (!isSame) await this.#noteChange();
  }

  async acting(): Promise<Acting | undefined> {
    const note = this.#rows.readNote("acting");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by `personal`
    return note === undefined ? undefined : (JSON.parse(note) as Acting);
  }

  override async alarm(): Promise<void> {
    await this.#renewal.renewDue();
    await this.#schedule();
  }

  #statesOf(order: BackendOrder): readonly PersonalState[] {
    const { name: backend } = order.config;
    const rows = this.#usableNow(order);
    if (rows.length === 0) {
      return [
        {
          backend,
          account: "",
          isDefault: true,
          login: "missing",
          state: "ready",
          listingHash: undefined,
          era: undefined,
          sessionful: false,
        },
      ];
    }
    return rows.map(({ account, isDefault, state: login, report }) => ({
      backend,
      account,
      isDefault,
      login,
      state: report?.state ?? "connecting",
      listingHash: report?.listingHash,
      era: report?.era,
      sessionful: report?.sessionful ?? false,
    }));
  }

  #usableNow(order: BackendOrder): readonly LoginRow[] {
    try {
      return this.#usable(order, this.#site(order));
    } catch (error) {
      if (error instanceof GatewayError) return []; // connecting says what is wrong with it
      throw error;
    }
  }

  /** Those that were made for this very backend, and not for one that had its name before. */
  #usable({ config }: BackendOrder, { url }: LoginSite): readonly LoginRow[] {
    const { origin } = new URL(url);
    const kind = loginKind(config);
    return this.#rows.of(config.name).filter((row) => row.origin === origin && row.kind === kind);
  }

  async #store(
    order: BackendOrder,
    made: Pick<LoginRow, "account" | "kind" | "issuer" | "scope" | "expires" | "renewable">,
    secrets: LoginSecrets,
  ): Promise<void> {
    const { name } = order.config;
    const site = this.#site(order);
    const before = this.#rows.find(name, made.account);
    const others = this.#usable(order, site).filter(({ account }) => account !== made.account);
    const now = Date.now();
    await this.#rows.put(
      {
        ...made,
        backend: name,
        state: "ready",
        since: now,
        version: (before?.version ?? 0) + 1,
        renewedAt: now,
        usedAt: now,
        isDefault: !others.some(({ isDefault }) => isDefault),
        origin: new URL(site.url).origin,
        ...(before?.report === undefined ? {} : { report: { ...before.report, configVersion: 0 } }),
      },
      secrets,
    );
    await this.#changed(name, made.account);
    await this.#schedule();
  }

  async #forget(row: LoginRow): Promise<void> {
    const secrets = await this.#rows.secrets(row);
    this.#rows.remove(row.backend, row.account);
    const endpoint = secrets?.kind === "oauth" ? secrets.server.revocationEndpoint : undefined;
    if (secrets?.kind !== "oauth" || endpoint === undefined) return;
    const { access, refresh, client, site } = secrets;
    const at = { ...site, backend: row.backend, fetch: this.#fetch };
    const revoke = async (): Promise<void> => {
      if (refresh !== undefined) {
        await revokeToken(at, { endpoint, client, token: refresh, hint: "refresh_token" });
      }
      await revokeToken(at, { endpoint, client, token: access, hint: "access_token" });
    };
    this.ctx.waitUntil(revoke());
  }

  /** Whoever holds the login of before lets go of it, and every view is looked at again. */
  async #changed(backend: string, account: string): Promise<void> {
    await this.#tellHolders(backend, account);
    await this.#noteChange();
  }

  async #tellHolders(backend: string, account: string): Promise<void> {
    const objects = new Set(this.#rows.holders(backend, account));
    if (this.ctx.id.name === SHARED) objects.add(backend);
    const tell = (object: string): Promise<void> =>
      this.env.BACKENDS.getByName(object).loginChanged();
    await Promise.all(
      // An object that is just being moved refuses one call; it has lost what it held with it.
      [...objects].map((object) => tell(object).catch(() => tell(object).catch(() => {}))),
    );
  }

  async #noteChange(): Promise<void> {
    const registry = this.env.REGISTRY.getByName(REGISTRY_NAME);
    await registry.noteLogins().catch(() => {}); // isolates look every few seconds anyway
  }

  async #noteUse(row: LoginRow): Promise<void> {
    if (Date.now() - row.usedAt < USED_RESOLUTION_MS && row.usedAt > row.renewedAt) return;
    this.#rows.note({ ...row, usedAt: Math.max(Date.now(), row.renewedAt + 1) });
    await this.#schedule();
  }

  /** Sooner wins; whoever is not used is not renewed. */
  async #schedule(): Promise<void> {
    const next = this.#renewal.nextDue();
    if (next === undefined) return;
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > next) await this.ctx.storage.setAlarm(next);
  }

  #site(order: BackendOrder): LoginSite {
    return loginSite(order, { ...this.env }, this.#fetch);
  }

  #clientSecret({ config: { name, oauth } }: BackendOrder): string | undefined {
    if (oauth?.clientSecret === undefined) return undefined;
    const { text, missing } = resolveSecrets(oauth.clientSecret, secretsIn({ ...this.env }));
    if (missing[0] === undefined) return text;
    throw loginFailure({ backend: name }, `needs the secret "${missing[0]}", which is not set`);
  }

  #requireRoom(backend: BackendName, account: string): void {
    if (!isAccount(account)) {
      throw new GatewayError(
        "invalid_params",
        "Cannot log in: an account is named with a-z, 0-9 and -, at most 31 characters",
      );
    }
    const others = this.#rows.of(backend).filter((row) => row.account !== account);
    if (others.length < MAX_ACCOUNTS) return;
    throw new GatewayError("conflict", `Cannot log in: there are ${MAX_ACCOUNTS} accounts already`);
  }
}

function noLogin(backend: string): GatewayError {
  return new GatewayError("not_found", `Cannot find a login at backend "${backend}"`);
}

function words(text: string | undefined): readonly string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}
