import { DurableObject } from "cloudflare:workers";
import { REGISTRY_NAME } from "../config/registry-object.ts";
import type { Registry } from "../config/registry.ts";
import type { Resource } from "./caller.ts";
import { createClientStore, type ClientKv } from "./client-store.ts";
import { GrantRows, type ColdCopy } from "./grant-rows.ts";
import {
  asOAuthKv,
  type KeyedTexts,
  type ListedPage,
  type ListQuestion,
  type RowOptions,
} from "./oauth-kv.ts";
import {
  createOAuthServers,
  resourceUri,
  type OAuthEnv,
  type OAuthServers,
} from "./oauth-server.ts";
import { TokenDesk, type TokenAnswer, type TokenRequest } from "./token-desk.ts";

/** What this object needs of its Worker's environment. */
export type GrantEnv = Readonly<{
  GATEWAY_KV: ClientKv & ColdCopy;
  REGISTRY: { getByName: (name: string) => Pick<Registry, "getRecord" | "putRecord"> };
}>;

/** Past KV's one write per second and key, with the changes of one exchange collected. */
const MIRROR_DELAY_MS = 2_000;
/** KV was not there; the cold copy is in no hurry. */
const MIRROR_RETRY_MS = 60_000;

/** What ends the life of a user's sessions and grants. */
export type GrantRoom = Readonly<{ clear: () => Promise<void>; endSessions: () => Promise<void> }>;

const now = (): number => Date.now();

/** What the object says of a token that is good. `expiresAt` is epoch ms. */
export type ValidToken = Readonly<{ scopes: readonly string[]; expiresAt: number; props: unknown }>;

/**
 * The grants and tokens of one user, or consents under way. Everything that is used once, rotated
 * or revoked is decided here, by one thread over its own storage.
 */
export class GrantObject extends DurableObject<GrantEnv> implements KeyedTexts {
  readonly #rows: GrantRows;
  readonly #servers: OAuthServers;
  readonly #oauth: OAuthEnv;
  readonly #desk: TokenDesk;

  constructor(ctx: DurableObjectState, env: GrantEnv) {
    super(ctx, env);
    this.#rows = new GrantRows(ctx.storage.sql, now);
    this.#servers = createOAuthServers(() => {}); // the surface logs refusals from the answer
    const clients = createClientStore(
      env.GATEWAY_KV,
      () => env.REGISTRY.getByName(REGISTRY_NAME),
      now,
    );
    const storeOf = (key: string): KeyedTexts => (key.startsWith("client:") ? clients : this);
    this.#oauth = { OAUTH_KV: asOAuthKv(storeOf, now) };
    this.#desk = new TokenDesk({ rows: this.#rows, servers: this.#servers, env: this.#oauth, now });
  }

  async get(key: string): Promise<string | null> {
    return this.#rows.get(key);
  }

  async put(key: string, value: string, row: RowOptions): Promise<void> {
    await this.#rows.put(key, value, row);
    await this.#schedule();
  }

  async remove(key: string): Promise<void> {
    await this.#rows.remove(key);
    await this.#schedule();
  }

  async list(question: ListQuestion): Promise<ListedPage> {
    return this.#rows.list(question);
  }

  /** The user is gone, and all that was granted in their name: clients, tokens and sessions. */
  async clear(): Promise<void> {
    this.#rows.clear();
    await this.#schedule();
  }

  /** Every browser of theirs has to sign in again. */
  async endSessions(): Promise<void> {
    this.#rows.removeAll("session:");
  }

  async token(request: TokenRequest): Promise<TokenAnswer> {
    const answer = await this.#desk.answer(request);
    await this.#schedule();
    return answer;
  }

  /** Null when the token is not good for this resource of this origin. */
  async validate(token: string, resource: Resource, origin: string): Promise<ValidToken | null> {
    const valid = await this.#servers(origin).validateToken(
      resourceUri(origin, resource),
      token,
      this.#oauth,
    );
    if (valid === null) return null;
    const { scope, expiresAt, props } = valid;
    return { scopes: scope, expiresAt: expiresAt * 1_000, props };
  }

  override async alarm(): Promise<void> {
    this.#rows.sweep();
    try {
      await this.#rows.mirror(this.env.GATEWAY_KV);
      await this.#schedule();
    } catch {
      // Only the cold copy is late; the rows themselves are what everybody asks.
      await this.ctx.storage.setAlarm(Date.now() + MIRROR_RETRY_MS);
    }
  }

  async #schedule(): Promise<void> {
    const wanted = this.#rows.nextWork(MIRROR_DELAY_MS);
    if (wanted === undefined) return;
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > wanted) await this.ctx.storage.setAlarm(wanted);
  }
}
