import { DurableObject } from "cloudflare:workers";
import type { Listing } from "../catalog/listing.ts";
import type { BackendState } from "../config/backend-report.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import type { Registry } from "../config/registry.ts";
import { asGatewayError, GatewayError } from "../core/errors.ts";
import { withDeadline } from "../core/deadline.ts";
import { gatewayHopId } from "../core/hop.ts";
import type { JsonObject } from "../core/json.ts";
import type { Answer } from "../core/json-rpc.ts";
import { capture, type Outcome } from "../core/outcome.ts";
import { createSeal } from "../core/seal.ts";
import { NOT_CONNECTED, STREAM_BROKEN } from "./backend-failure.ts";
import { afterFailure, afterListing, reportOf } from "./backend-health.ts";
import { BackendStore, type Kept, NOTHING_KEPT } from "./backend-store.ts";
import type { BackendStub, LeaseAsk } from "./backend-stub.ts";
import { builtinListing } from "./builtin.ts";
import { type Collected, collectListing, listingHash } from "./collect-listing.ts";
import { resolveTarget } from "./connect-target.ts";
import type { ConnectTarget } from "./connection.ts";
import { type Lease, LeaseLost } from "./lease.ts";
import { makeLease } from "./make-lease.ts";
import { endSession, openBackend } from "./open-backend.ts";
import { STEP_TIMEOUT_MS } from "./open-http.ts";
import type { SseConnection } from "./open-sse.ts";
import { askedToWaitMs, nextRelistMs, RETRY_SOON_MS, retryDelayMs } from "./retry-times.ts";
import { sendRequest } from "./send.ts";
import type { Fetch } from "./outbound.ts";
import { wayOut, type WayOut } from "./way-out.ts";
import { SingleFlight } from "./single-flight.ts";

/** What this object needs of its Worker's environment; `${NAME}` of the config is looked up here too. */
export type BackendEnv = WayOut &
  Readonly<{
    ENCRYPTION_KEY?: string;
    REGISTRY: { getByName: (name: string) => Pick<Registry, "reportBackend"> };
  }>;

const REGISTRY_NAME = "registry";
/** All pages of all lists together: a backend that trickles is not listed. */
const LISTING_TIMEOUT_MS = 30_000;
/** A stream or an era, `initialize` and `initialized`: nothing takes longer than three steps. */
const HANDSHAKE_LIMIT_MS = 3 * STEP_TIMEOUT_MS + 5_000;
/** Connecting and listing, and both once more when the session was lost. */
const WORK_LIMIT_MS = 2 * (HANDSHAKE_LIMIT_MS + LISTING_TIMEOUT_MS);
/** A legacy backend may have been updated: once a day it is asked for its era again. */
const LEGACY_VERDICT_MS = 24 * 60 * 60 * 1_000;
/** The session of a user who has not called for so long is given back. */
const SESSION_IDLE_MS = 60 * 60 * 1_000;
/** `usedAt` is written this often at most: a write per lease would cost a disk sync each. */
const USED_RESOLUTION_MS = 5 * 60 * 1_000;
/** A backend that was just found down is not asked again by every caller. */
const FAIL_FAST_MS = 250;
/** One that hung costs a caller ten seconds: asked less often. */
const FAIL_FAST_HUNG_MS = 10_000;
/**
 * Keeps what one backend needs remembered: era, session, listing, health. Calls do not pass through
 * it, except to backends that answer on a shared stream (HTTP+SSE). Assume eviction between any two
 * calls: the constructor brings everything back but the stream, which is opened again.
 */
export class BackendObject extends DurableObject<BackendEnv> implements BackendStub {
  readonly #store: BackendStore;
  readonly #fetch: Fetch;
  #kept: Kept = NOTHING_KEPT;
  #order: BackendOrder | undefined;
  #sessionId: string | undefined;
  #hopId = "";
  #stream: SseConnection | undefined;
  #adopting: Promise<void> = Promise.resolve();
  #connecting = new SingleFlight(HANDSHAKE_LIMIT_MS);
  #working = new SingleFlight(WORK_LIMIT_MS);
  /** Grows when the order changes or goes: what was begun under an older one is dropped. */
  #generation = 0;
  #failed: { readonly error: GatewayError; readonly until: number } | undefined;
  #lastWork = 0;

  constructor(ctx: DurableObjectState, env: BackendEnv) {
    super(ctx, env);
    this.#fetch = wayOut(env);
    this.#store = new BackendStore(ctx.storage.sql, createSeal(env.ENCRYPTION_KEY, "backend"));
    void ctx.blockConcurrencyWhile(async () => {
      this.#hopId = await gatewayHopId(env.ENCRYPTION_KEY);
      this.#kept = this.#store.read();
      const sealed = await this.#store.openSealed();
      this.#order = sealed?.order;
      this.#sessionId = sealed?.sessionId;
    });
  }

  async configure(order: BackendOrder): Promise<void> {
    await this.#adopt(order, "shared");
    await this.ctx.storage.setAlarm(Date.now() + RETRY_SOON_MS); // should the next line be cut short
    this.ctx.waitUntil(this.#report().then(() => this.#work()));
  }

  async remove(): Promise<void> {
    this.#beginAnew();
    this.#order = undefined;
    this.#kept = NOTHING_KEPT;
    // Before anything is awaited: the backend may be configured again in the meantime.
    this.#store.clear();
    await this.ctx.storage.deleteAlarm();
  }

  lease(order: BackendOrder, ask: LeaseAsk): Promise<Outcome<Lease>> {
    return capture(async () => {
      await this.#adopt(order, ask.role);
      this.#declare(ask.capabilities);
      if (ask.lost !== undefined && ask.lost === this.#kept.revision) this.#disconnect();
      await this.#ensureConnected({ patient: false });
      this.#noteUse();
      return this.#makeLease(order.config.timeoutMs);
    });
  }

  async listing(): Promise<Listing | undefined> {
    return this.#store.readListing();
  }

  async refresh(): Promise<void> {
    await this.#schedule(Math.max(0, this.#lastWork + RETRY_SOON_MS * 5 - Date.now()));
  }

  override async fetch(request: Request): Promise<Response> {
    try {
      await this.#ensureConnected({ patient: false });
    } catch (error) {
      const { message } = asGatewayError(error);
      return new Response(message, { status: NOT_CONNECTED });
    }
    const { method, headers, signal } = request;
    const body = await request.text();
    if (this.#stream === undefined)
      return new Response("no stream is open", { status: NOT_CONNECTED });
    try {
      return await this.#stream.fetch(request.url, {
        method,
        headers: Object.fromEntries(headers),
        body,
        signal,
      });
    } catch {
      return new Response("could not be delivered", { status: STREAM_BROKEN }); // or nobody listens
    }
  }

  override async alarm(): Promise<void> {
    if (this.#order === undefined) return;
    if (this.#kept.role === "shared") return this.#work();
    const idle = Date.now() - this.#kept.usedAt;
    if (idle >= SESSION_IDLE_MS) return this.remove();
    await this.ctx.storage.setAlarm(Date.now() + SESSION_IDLE_MS - idle);
  }

  /** A client can do the same for as long as its session lasts; the name of this object says whose. */
  #declare(capabilities: JsonObject | undefined): void {
    if (capabilities === undefined || this.#kept.capabilities !== undefined) return;
    this.#keep({ capabilities });
  }

  /** One after another: two at once would each begin anew and drop what the other began. */
  #adopt(order: BackendOrder, role: "shared" | "session"): Promise<void> {
    const adopted = this.#adopting.then(() => this.#adoptNewest(order, role));
    this.#adopting = adopted.catch(() => {}); // its own caller is told
    return adopted;
  }

  /** The newest order wins; one with another address, credential or session rule starts anew. */
  async #adoptNewest(order: BackendOrder, role: "shared" | "session"): Promise<void> {
    const before = this.#order;
    if (before !== undefined && before.configVersion >= order.configVersion) return;
    const isSame =
      before !== undefined &&
      JSON.stringify([before.config.transport, before.config.session, before.privateOrigins]) ===
        JSON.stringify([order.config.transport, order.config.session, order.privateOrigins]);
    if (!isSame) this.#beginAnew();
    await this.#store.seal({ order, sessionId: this.#sessionId });
    this.#order = order;
    if (isSame && this.#kept.role === role) return;
    const state: BackendState = order.config.transport.kind === "stdio" ? "offline" : "connecting";
    if (!isSame) this.#store.clearListing();
    this.#keep(
      isSame
        ? { role }
        : {
            ...NOTHING_KEPT,
            connection: undefined,
            role,
            state,
            revision: this.#kept.revision + 1,
          },
      isSame ? this.#kept : NOTHING_KEPT,
    );
  }

  /** What runs for the order before is neither waited for nor believed. */
  #beginAnew(): void {
    this.#generation += 1;
    this.#endSession();
    this.#failed = undefined;
    this.#connecting = new SingleFlight(HANDSHAKE_LIMIT_MS);
    this.#working = new SingleFlight(WORK_LIMIT_MS);
  }

  /** Connects and lists, once at a time; never throws: what went wrong is in the report. */
  #work(): Promise<void> {
    return this.#working.run(() => this.#connectAndList());
  }

  async #connectAndList(): Promise<void> {
    const generation = this.#generation;
    const order = this.#order;
    if (order === undefined || order.config.transport.kind === "stdio") return;
    let delay: number;
    try {
      const started = Date.now();
      const { listing, ttlMs } = await this.#collect(order);
      if (generation !== this.#generation) return;
      if (listing.hash !== this.#kept.listingHash) this.#store.writeListing(listing);
      this.#keep(afterListing(listing, { started, now: Date.now() }));
      // Built-in servers are part of this Worker: they change only with it.
      if (order.config.transport.kind === "builtin") return await this.#report();
      delay = nextRelistMs(ttlMs);
    } catch (error) {
      if (generation !== this.#generation) return;
      const failure = asGatewayError(error);
      this.#fail(failure);
      delay = Math.max(retryDelayMs(this.#kept.failures, Math.random()), askedToWaitMs(failure));
    }
    this.#lastWork = Date.now();
    await this.ctx.storage.setAlarm(Date.now() + delay);
    await this.#report();
  }

  async #collect(order: BackendOrder): Promise<Collected> {
    const { transport } = order.config;
    if (transport.kind === "builtin") {
      const content = builtinListing(transport.builtin);
      return { listing: { hash: await listingHash(content), ...content }, ttlMs: undefined };
    }
    try {
      return await this.#collectOnce();
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
      this.#disconnect();
    }
    try {
      return await this.#collectOnce();
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
      const reason =
        error.reason === "session" ? "forgets its sessions at once" : "refuses the credential";
      throw new GatewayError(
        "backend_unavailable",
        `Cannot connect: backend "${order.config.name}" ${reason}`,
      );
    }
  }

  async #collectOnce(): Promise<Collected> {
    await this.#ensureConnected({ patient: true });
    const { connection } = this.#kept;
    if (connection === undefined)
      throw new GatewayError("cancelled", "Cannot connect: disconnected meanwhile");
    const lease = this.#makeLease(STEP_TIMEOUT_MS);
    return withDeadline(LISTING_TIMEOUT_MS, (signal) =>
      collectListing(connection, (method: string, params: JsonObject): Promise<Answer> =>
        sendRequest(
          lease,
          { id: 1, method, params, action: "connect" },
          {
            fetch: this.#fetch,
            object: () => this,
            signal,
            waitUntil: (work) => this.ctx.waitUntil(work),
            now: Date.now,
          },
        ),
      ),
    );
  }

  /** One handshake for all who ask at once. `patient` work retries what callers are spared. */
  async #ensureConnected({ patient }: { patient: boolean }): Promise<void> {
    const order = this.#order;
    if (order === undefined) {
      throw new GatewayError("unavailable", "Cannot connect: this backend is not configured here");
    }
    const { kind } = order.config.transport;
    if (kind === "stdio") {
      throw new GatewayError(
        "backend_unavailable",
        `Cannot connect: backend "${order.config.name}" needs the connector, which is not connected`,
      );
    }
    const isOpen =
      this.#kept.connection !== undefined && (kind !== "sse" || this.#stream?.isOpen());
    if (isOpen === true) return;
    const failed = this.#failed;
    if (!patient && !this.#connecting.isRunning && failed !== undefined) {
      if (failed.until > Date.now()) throw failed.error;
    }
    return this.#connecting.run(() => this.#connect(order));
  }

  async #connect(order: BackendOrder): Promise<void> {
    const generation = this.#generation;
    const { legacySince } = this.#kept;
    const wasLegacy = legacySince !== undefined && Date.now() - legacySince < LEGACY_VERDICT_MS;
    try {
      const target = this.#requireTarget(order);
      this.#stream?.close();
      const opened = await openBackend(order, target, {
        fetch: this.#fetch,
        wasLegacy,
        capabilities: this.#kept.capabilities,
        isOneUsers: this.#kept.role === "session",
        onClose: (stream) => this.#onClose(stream),
      });
      if (generation === this.#generation) {
        await this.#store.seal({ order: this.#order ?? order, sessionId: opened.sessionId });
      }
      if (generation !== this.#generation) {
        opened.stream?.close();
        throw superseded();
      }
      this.#sessionId = opened.sessionId;
      this.#stream = opened.stream;
      this.#failed = undefined;
      const isLegacy = opened.connection.era === "legacy";
      this.#keep({
        connection: opened.connection,
        revision: this.#kept.revision + 1,
        legacySince: isLegacy ? (wasLegacy ? legacySince : Date.now()) : undefined,
        lastSeen: Date.now(),
      });
      // A caller's connection to a backend that was down: it is to be listed again at once.
      if (this.#kept.role === "shared" && this.#kept.state !== "ready") await this.#schedule(0);
    } catch (error) {
      if (generation === this.#generation) this.#fail(asGatewayError(error));
      throw error;
    }
  }

  #onClose(stream: SseConnection): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    if (this.#order === undefined) return;
    // The next revision: leases of the closed stream are over.
    this.#keep({ connection: undefined, revision: this.#kept.revision + 1 });
    if (this.#kept.role === "shared") this.ctx.waitUntil(this.#schedule(RETRY_SOON_MS));
  }

  #makeLease(timeoutMs: number): Lease {
    const order = this.#order;
    const { connection, revision } = this.#kept;
    if (order === undefined || connection === undefined) throw superseded();
    const target = this.#requireTarget(order);
    return makeLease(order, target, {
      revision,
      connection,
      sessionId: this.#sessionId,
      timeoutMs,
      now: Date.now(),
    });
  }

  #requireTarget(order: BackendOrder): ConnectTarget {
    const target = resolveTarget(order, { ...this.env }, this.#hopId);
    if (target === undefined) throw new TypeError("only remote backends are connected to");
    return target;
  }

  #disconnect(): void {
    this.#stream?.close();
    this.#sessionId = undefined;
    this.#keep({ connection: undefined });
  }

  #fail(error: GatewayError): void {
    const hung = error.code === "backend_timeout";
    const wait = Math.max(hung ? FAIL_FAST_HUNG_MS : FAIL_FAST_MS, askedToWaitMs(error));
    this.#failed = { error, until: Date.now() + wait };
    this.#stream?.close();
    this.#keep(afterFailure(this.#kept, error));
  }

  /** Storage before memory. */
  #keep(change: Partial<Kept>, base: Kept = this.#kept): void {
    const kept = { ...base, ...change };
    this.#store.write(kept);
    this.#kept = kept;
  }

  #noteUse(): void {
    if (this.#kept.role !== "session") return;
    if (Date.now() - this.#kept.usedAt < USED_RESOLUTION_MS) return;
    this.#keep({ usedAt: Date.now() });
    this.ctx.waitUntil(this.ctx.storage.setAlarm(Date.now() + SESSION_IDLE_MS));
  }

  /** Sooner wins. */
  async #schedule(delay: number): Promise<void> {
    const at = Date.now() + delay;
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > at) await this.ctx.storage.setAlarm(at);
  }

  /** Gives back what the backend keeps for us, without waiting for it. */
  #endSession(): void {
    const { connection } = this.#kept;
    const order = this.#order;
    const sessionId = this.#sessionId;
    this.#stream?.close();
    this.#stream = undefined;
    this.#sessionId = undefined;
    if (order === undefined || connection === undefined || sessionId === undefined) return;
    const { protocolVersion } = connection;
    const end = async (): Promise<void> =>
      endSession(this.#requireTarget(order), { protocolVersion, sessionId }, this.#fetch);
    this.ctx.waitUntil(end().catch(() => {})); // it would have ended by itself some day
  }

  async #report(): Promise<void> {
    const order = this.#order;
    if (order === undefined || this.#kept.role !== "shared") return;
    const report = reportOf(order, this.#kept);
    try {
      await this.env.REGISTRY.getByName(REGISTRY_NAME).reportBackend(order.config.name, report);
    } catch {
      await this.#schedule(RETRY_SOON_MS * 5); // the registry is not there right now: say it later
    }
  }
}

function superseded(): GatewayError {
  return new GatewayError("unavailable", "Cannot connect: the configuration changed meanwhile");
}
