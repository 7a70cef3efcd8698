import { DurableObject } from "cloudflare:workers";
import type { Listing } from "../catalog/listing.ts";
import type { BackendState } from "../config/backend-report.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import type { Registry } from "../config/registry.ts";
import { asGatewayError } from "../core/errors.ts";
import { gatewayHopId } from "../core/hop.ts";
import type { JsonObject } from "../core/json.ts";
import { capture, type Outcome } from "../core/outcome.ts";
import { createSeal } from "../core/seal.ts";
import { afterListing, reportOf } from "./backend-health.ts";
import { BackendStore, NOTHING_KEPT } from "./backend-store.ts";
import type { BackendStub, LeaseAsk } from "./backend-stub.ts";
import type { Lease } from "./lease.ts";
import { LIST_LIMIT_MS, listBackend } from "./list-backend.ts";
import { LiveConnection } from "./live-connection.ts";
import { askedToWaitMs, nextRelistMs, RETRY_SOON_MS, retryDelayMs } from "./retry-times.ts";
import { SingleFlight } from "./single-flight.ts";
import { wayOut, type WayOut } from "./way-out.ts";

/** What this object needs of its Worker's environment; `${NAME}` of the config is looked up here too. */
export type BackendEnv = WayOut &
  Readonly<{
    ENCRYPTION_KEY?: string;
    REGISTRY: { getByName: (name: string) => Pick<Registry, "reportBackend"> };
  }>;

const REGISTRY_NAME = "registry";
/** The session of a user who has not called for so long is given back. */
const SESSION_IDLE_MS = 60 * 60 * 1_000;
/** `usedAt` is written this often at most: a write per lease would cost a disk sync each. */
const USED_RESOLUTION_MS = 5 * 60 * 1_000;

/**
 * Keeps what one backend needs remembered: era, session, listing, health. Calls do not pass through
 * it, except to backends that answer on a shared stream (HTTP+SSE). Assume eviction between any two
 * calls: the constructor brings everything back but the stream, which is opened again.
 */
export class BackendObject extends DurableObject<BackendEnv> implements BackendStub {
  readonly #store: BackendStore;
  readonly #connection: LiveConnection;
  #adopting: Promise<void> = Promise.resolve();
  #working = new SingleFlight(LIST_LIMIT_MS);
  #lastWork = 0;

  constructor(ctx: DurableObjectState, env: BackendEnv) {
    super(ctx, env);
    this.#store = new BackendStore(ctx.storage.sql, createSeal(env.ENCRYPTION_KEY, "backend"));
    this.#connection = new LiveConnection({
      store: this.#store,
      fetch: wayOut(env),
      env,
      waitUntil: (work) => ctx.waitUntil(work),
      onOpened: () => this.#onOpened(),
      onClosed: () => this.#onClosed(),
    });
    void ctx.blockConcurrencyWhile(async () => {
      const hopId = await gatewayHopId(env.ENCRYPTION_KEY);
      this.#connection.restore(hopId, await this.#store.openSealed());
    });
  }

  async configure(order: BackendOrder): Promise<void> {
    await this.#adopt(order, "shared");
    await this.ctx.storage.setAlarm(Date.now() + RETRY_SOON_MS); // should the next line be cut short
    this.ctx.waitUntil(this.#report().then(() => this.#work()));
  }

  async remove(): Promise<void> {
    this.#connection.forget();
    this.#working = new SingleFlight(LIST_LIMIT_MS);
    // Before anything is awaited: the backend may be configured again in the meantime.
    this.#store.clear();
    await this.ctx.storage.deleteAlarm();
  }

  lease(order: BackendOrder, ask: LeaseAsk): Promise<Outcome<Lease>> {
    return capture(async () => {
      await this.#adopt(order, ask.role);
      this.#declare(ask.capabilities);
      if (ask.lost !== undefined && ask.lost === this.#store.kept.revision) {
        this.#connection.disconnect();
      }
      await this.#connection.ensure({ patient: false });
      this.#noteUse();
      return this.#connection.lease(order.config.timeoutMs);
    });
  }

  async listing(): Promise<Listing | undefined> {
    return this.#store.readListing();
  }

  async refresh(): Promise<void> {
    await this.#schedule(Math.max(0, this.#lastWork + RETRY_SOON_MS * 5 - Date.now()));
  }

  override fetch(request: Request): Promise<Response> {
    return this.#connection.fetch(request);
  }

  override async alarm(): Promise<void> {
    if (this.#connection.order === undefined) return;
    if (this.#store.kept.role === "shared") return this.#work();
    const idle = Date.now() - this.#store.kept.usedAt;
    if (idle >= SESSION_IDLE_MS) return this.remove();
    await this.ctx.storage.setAlarm(Date.now() + SESSION_IDLE_MS - idle);
  }

  /** A client can do the same for as long as its session lasts; the name of this object says whose. */
  #declare(capabilities: JsonObject | undefined): void {
    if (capabilities === undefined || this.#store.kept.capabilities !== undefined) return;
    this.#store.keep({ capabilities });
  }

  /** One after another: two at once would each begin anew and drop what the other began. */
  #adopt(order: BackendOrder, role: "shared" | "session"): Promise<void> {
    const adopted = this.#adopting.then(() => this.#adoptNewest(order, role));
    this.#adopting = adopted.catch(() => {}); // its own caller is told
    return adopted;
  }

  /** The newest order wins; one with another address, credential or session rule starts anew. */
  async #adoptNewest(order: BackendOrder, role: "shared" | "session"): Promise<void> {
    const before = this.#connection.order;
    if (before !== undefined && before.configVersion >= order.configVersion) return;
    const isSame =
      before !== undefined &&
      JSON.stringify([before.config.transport, before.config.session, before.privateOrigins]) ===
        JSON.stringify([order.config.transport, order.config.session, order.privateOrigins]);
    if (!isSame) {
      this.#connection.beginAnew();
      this.#working = new SingleFlight(LIST_LIMIT_MS);
    }
    await this.#connection.take(order);
    const { kept } = this.#store;
    if (isSame && kept.role === role) return;
    if (isSame) return this.#store.keep({ role });
    const state: BackendState = order.config.transport.kind === "stdio" ? "offline" : "connecting";
    this.#store.clearListing();
    this.#store.keep({ role, state, revision: kept.revision + 1 }, NOTHING_KEPT);
  }

  /** Connects and lists, once at a time; never throws: what went wrong is in the report. */
  #work(): Promise<void> {
    return this.#working.run(() => this.#connectAndList());
  }

  async #connectAndList(): Promise<void> {
    const { generation, order } = this.#connection;
    if (order === undefined || order.config.transport.kind === "stdio") return;
    let delay: number;
    try {
      const started = Date.now();
      const { listing, ttlMs } = await listBackend(order, this.#connection, this.#store);
      if (generation !== this.#connection.generation) return;
      if (listing.hash !== this.#store.kept.listingHash) this.#store.writeListing(listing);
      this.#store.keep(afterListing(listing, { started, now: Date.now() }));
      // Built-in servers are part of this Worker: they change only with it.
      if (order.config.transport.kind === "builtin") return await this.#report();
      delay = nextRelistMs(ttlMs);
    } catch (error) {
      if (generation !== this.#connection.generation) return;
      const failure = asGatewayError(error);
      this.#connection.fail(failure);
      const { failures } = this.#store.kept;
      delay = Math.max(retryDelayMs(failures, Math.random()), askedToWaitMs(failure));
    }
    this.#lastWork = Date.now();
    await this.ctx.storage.setAlarm(Date.now() + delay);
    await this.#report();
  }

  /** A caller's connection to a backend that was down: it is to be listed again at once. */
  async #onOpened(): Promise<void> {
    const { role, state } = this.#store.kept;
    if (role === "shared" && state !== "ready") await this.#schedule(0);
  }

  #onClosed(): void {
    if (this.#store.kept.role === "shared") this.ctx.waitUntil(this.#schedule(RETRY_SOON_MS));
  }

  #noteUse(): void {
    const { role, usedAt } = this.#store.kept;
    if (role !== "session" || Date.now() - usedAt < USED_RESOLUTION_MS) return;
    this.#store.keep({ usedAt: Date.now() });
    this.ctx.waitUntil(this.ctx.storage.setAlarm(Date.now() + SESSION_IDLE_MS));
  }

  /** Sooner wins. */
  async #schedule(delay: number): Promise<void> {
    const at = Date.now() + delay;
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > at) await this.ctx.storage.setAlarm(at);
  }

  async #report(): Promise<void> {
    const { order } = this.#connection;
    if (order === undefined || this.#store.kept.role !== "shared") return;
    const report = reportOf(order, this.#store.kept);
    try {
      await this.env.REGISTRY.getByName(REGISTRY_NAME).reportBackend(order.config.name, report);
    } catch {
      await this.#schedule(RETRY_SOON_MS * 5); // the registry is not there right now: say it later
    }
  }
}
