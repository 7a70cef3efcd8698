import { GatewayError } from "../core/errors.ts";
import type { Fetch } from "../core/outbound.ts";
import { SingleFlight } from "../core/single-flight.ts";
import type { LoginSite } from "./authorization-fetch.ts";
import type { LoginRow, LoginRows } from "./login-rows.ts";
import { LoginOver, requestTokens } from "./token-request.ts";

/** Before the end of a token, so that no call meets it; of a short one a quarter of its life. */
const RENEW_BEFORE_MS = 60_000;
/** A token request takes 10 s at most. */
const RENEWAL_LIMIT_MS = 15_000;
/** Refused although it was renewed for a refusal so lately: another one would be refused too. */
const FRESH_MS = 10_000;
/** An authorization server that is down is asked again by nobody's call but after this. */
const RETRY_MS = 30_000;

/** Epoch ms from which a token is renewed; never for one that does not end. */
export function renewAt({ expires, renewedAt }: Pick<LoginRow, "expires" | "renewedAt">): number {
  if (expires === undefined) return Infinity;
  return expires - Math.min(RENEW_BEFORE_MS, (expires - renewedAt) / 4);
}

export type RenewalDeps = Readonly<{
  rows: LoginRows;
  fetch: Fetch;
  onEnded: (row: LoginRow) => Promise<void>;
}>;

/** Renews tokens, one request at a time for each: a refresh token is often good for once. */
export class LoginRenewal {
  readonly #deps: RenewalDeps;
  readonly #flights = new Map<string, SingleFlight>();
  /** When a login was last renewed because the backend had refused its token. */
  readonly #forced = new Map<string, number>();
  #failedAt = 0;

  constructor(deps: RenewalDeps) {
    this.#deps = deps;
  }

  /**
   * The login with a token that is good for a while, or ended. `refused`: the version the backend
   * does not honour. An authorization server that is down leaves what there is while it lasts.
   */
  async renewed(row: LoginRow, site: LoginSite, refused: number | undefined): Promise<LoginRow> {
    if (row.state === "ended") return row;
    const key = keyOf(row);
    const isRefused = refused === row.version;
    if (!isRefused && Date.now() < renewAt(row)) return row;
    if (!row.renewable) {
      const isOver = isRefused || isPast(row);
      return isOver ? this.#end(row, "the backend honours it no more") : row;
    }
    if (isRefused && Date.now() - (this.#forced.get(key) ?? 0) < FRESH_MS) {
      return this.#end(row, "the backend refuses tokens that are fresh");
    }
    if (isRefused) this.#forced.set(key, Date.now());
    try {
      await this.#once(row, site);
    } catch (error) {
      const isOutage = error instanceof GatewayError && !isRefused && !isPast(row);
      if (!isOutage) throw error;
    }
    return this.#find(row);
  }

  /** Those that are used, each when it is time. */
  nextDue(): number | undefined {
    const times = this.#used().map(renewAt);
    const next = Math.max(Math.min(...times), this.#failedAt + RETRY_MS);
    return Number.isFinite(next) && times.length > 0 ? next : undefined;
  }

  async renewDue(): Promise<void> {
    for (const row of this.#used().filter((used) => renewAt(used) <= Date.now())) {
      const secrets = await this.#deps.rows.secrets(row);
      if (secrets?.kind !== "oauth") continue;
      const site = { ...secrets.site, backend: row.backend, fetch: this.#deps.fetch };
      try {
        await this.#once(row, site);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        this.#failedAt = Date.now();
      }
    }
  }

  /** Whoever comes back later has it renewed then. */
  #used(): readonly LoginRow[] {
    return this.#deps.rows
      .all()
      .filter(
        ({ state, renewable, expires, usedAt, renewedAt }) =>
          state === "ready" && renewable && expires !== undefined && usedAt > renewedAt,
      );
  }

  #once(row: LoginRow, site: LoginSite): Promise<void> {
    const key = keyOf(row);
    const flight = this.#flights.get(key) ?? new SingleFlight(RENEWAL_LIMIT_MS);
    this.#flights.set(key, flight);
    return flight.run(() => this.#renew(row, site));
  }

  async #renew(before: LoginRow, site: LoginSite): Promise<void> {
    const { rows } = this.#deps;
    const secrets = await rows.secrets(before);
    // Somebody else may have renewed or forgotten it while this waited.
    if (this.#find(before).version !== before.version) return;
    if (secrets?.kind !== "oauth" || secrets.refresh === undefined) return;
    const { server, client, refresh } = secrets;
    try {
      const tokens = await requestTokens(site, {
        server,
        client,
        grant: { grant_type: "refresh_token", refresh_token: refresh },
      });
      const row = this.#find(before);
      if (row.version !== before.version || row.state === "ended") return;
      const { expires: _, problem: __, ...kept } = row;
      await rows.put(
        {
          ...kept,
          version: row.version + 1,
          renewedAt: Date.now(),
          ...(tokens.expires === undefined ? {} : { expires: tokens.expires }),
          ...(tokens.scope === undefined ? {} : { scope: tokens.scope }),
        },
        { ...secrets, access: tokens.access, refresh: tokens.refresh ?? refresh },
      );
    } catch (error) {
      if (!(error instanceof LoginOver)) throw error;
      const row = this.#find(before);
      if (row.version === before.version) await this.#end(row, error.message);
    }
  }

  async #end(row: LoginRow, problem: string): Promise<LoginRow> {
    const ended: LoginRow = { ...row, state: "ended", problem };
    this.#deps.rows.note(ended);
    await this.#deps.onEnded(ended);
    return ended;
  }

  /** As it is now; one that is forgotten is over. */
  #find(row: LoginRow): LoginRow {
    return this.#deps.rows.find(row.backend, row.account) ?? { ...row, state: "ended" };
  }
}

function keyOf({ backend, account }: LoginRow): string {
  return `${backend}:${account}`;
}

function isPast({ expires }: LoginRow): boolean {
  return expires !== undefined && expires <= Date.now();
}
