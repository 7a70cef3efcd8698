import type { BackendOrder } from "../config/backend-order.ts";
import { asGatewayError, GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Answer } from "../core/json-rpc.ts";
import { NOT_CONNECTED, STREAM_BROKEN } from "./backend-failure.ts";
import { afterFailure } from "./backend-health.ts";
import type { BackendStore, Sealed } from "./backend-store.ts";
import { resolveTarget } from "./connect-target.ts";
import type { ConnectTarget } from "./connection.ts";
import type { Lease } from "./lease.ts";
import { makeLease } from "./make-lease.ts";
import { endSession, openBackend } from "./open-backend.ts";
import { STEP_TIMEOUT_MS } from "./open-http.ts";
import type { SseConnection } from "./open-sse.ts";
import type { Fetch } from "./outbound.ts";
import { askedToWaitMs } from "./retry-times.ts";
import { sendRequest } from "./send.ts";
import { SingleFlight } from "./single-flight.ts";

/** A stream or an era, `initialize` and `initialized`: nothing takes longer than three steps. */
export const HANDSHAKE_LIMIT_MS = 3 * STEP_TIMEOUT_MS + 5_000;
/** A legacy backend may have been updated: once a day it is asked for its era again. */
const LEGACY_VERDICT_MS = 24 * 60 * 60 * 1_000;
/** A backend that was just found down is not asked again by every caller. */
const FAIL_FAST_MS = 250;
/** One that hung costs a caller ten seconds: asked less often. */
const FAIL_FAST_HUNG_MS = 10_000;

export type LiveConnectionDeps = Readonly<{
  store: BackendStore;
  fetch: Fetch;
  /** Where `${NAME}` of the config is looked up. */
  env: Readonly<Record<string, unknown>>;
  waitUntil: (work: Promise<unknown>) => void;
  onOpened: () => Promise<void>;
  /** The stream of an HTTP+SSE backend is over. */
  onClosed: () => void;
}>;

/**
 * The connection of a backend's object: made for the newest order, once for all who need it, and
 * brought back after an eviction but for the stream of HTTP+SSE, which is opened again.
 */
export class LiveConnection {
  readonly #deps: LiveConnectionDeps;
  #order: BackendOrder | undefined;
  #sessionId: string | undefined;
  #hopId = "";
  #stream: SseConnection | undefined;
  #connecting = new SingleFlight(HANDSHAKE_LIMIT_MS);
  /** Grows when the order changes or goes: what was begun under an older one is dropped. */
  #generation = 0;
  #failed: { readonly error: GatewayError; readonly until: number } | undefined;

  constructor(deps: LiveConnectionDeps) {
    this.#deps = deps;
  }

  get order(): BackendOrder | undefined {
    return this.#order;
  }

  get generation(): number {
    return this.#generation;
  }

  restore(hopId: string, sealed: Sealed | undefined): void {
    this.#hopId = hopId;
    this.#order = sealed?.order;
    this.#sessionId = sealed?.sessionId;
  }

  async take(order: BackendOrder): Promise<void> {
    await this.#deps.store.seal({ order, sessionId: this.#sessionId });
    this.#order = order;
  }

  /** What runs for the order before is neither waited for nor believed. */
  beginAnew(): void {
    this.#generation += 1;
    this.#endSession();
    this.#failed = undefined;
    this.#connecting = new SingleFlight(HANDSHAKE_LIMIT_MS);
  }

  forget(): void {
    this.beginAnew();
    this.#order = undefined;
  }

  /** One handshake for all who ask at once. `patient` work retries what callers are spared. */
  async ensure({ patient }: { patient: boolean }): Promise<void> {
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
      this.#deps.store.kept.connection !== undefined && (kind !== "sse" || this.#stream?.isOpen());
    if (isOpen === true) return;
    const failed = this.#failed;
    if (!patient && !this.#connecting.isRunning && failed !== undefined) {
      if (failed.until > Date.now()) throw failed.error;
    }
    return this.#connecting.run(() => this.#connect(order));
  }

  lease(timeoutMs: number): Lease {
    const order = this.#order;
    const { connection, revision } = this.#deps.store.kept;
    if (order === undefined || connection === undefined) throw superseded();
    return makeLease(order, this.#requireTarget(order), {
      revision,
      connection,
      sessionId: this.#sessionId,
      timeoutMs,
      now: Date.now(),
    });
  }

  /** A request of the object itself. Throws LeaseLost as `sendRequest` does. */
  request(
    lease: Lease,
    { method, params }: { method: string; params: JsonObject },
    signal: AbortSignal,
  ): Promise<Answer> {
    return sendRequest(
      lease,
      { id: 1, method, params, action: "connect" },
      {
        fetch: this.#deps.fetch,
        object: () => this,
        signal,
        waitUntil: this.#deps.waitUntil,
        now: Date.now,
      },
    );
  }

  /** Lane `object`: one message to the stream of an HTTP+SSE backend. */
  async fetch(request: Request): Promise<Response> {
    try {
      await this.ensure({ patient: false });
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

  disconnect(): void {
    this.#stream?.close();
    this.#sessionId = undefined;
    this.#deps.store.keep({ connection: undefined });
  }

  fail(error: GatewayError): void {
    const hung = error.code === "backend_timeout";
    const wait = Math.max(hung ? FAIL_FAST_HUNG_MS : FAIL_FAST_MS, askedToWaitMs(error));
    this.#failed = { error, until: Date.now() + wait };
    this.#stream?.close();
    this.#deps.store.keep(afterFailure(this.#deps.store.kept, error));
  }

  async #connect(order: BackendOrder): Promise<void> {
    const { store } = this.#deps;
    const generation = this.#generation;
    const { legacySince, capabilities, role } = store.kept;
    const wasLegacy = legacySince !== undefined && Date.now() - legacySince < LEGACY_VERDICT_MS;
    try {
      const target = this.#requireTarget(order);
      this.#stream?.close();
      const opened = await openBackend(order, target, {
        fetch: this.#deps.fetch,
        wasLegacy,
        capabilities,
        isOneUsers: role === "session",
        onClose: (stream) => this.#onClose(stream),
      });
      if (generation === this.#generation) {
        await store.seal({ order: this.#order ?? order, sessionId: opened.sessionId });
      }
      if (generation !== this.#generation) {
        opened.stream?.close();
        throw superseded();
      }
      this.#sessionId = opened.sessionId;
      this.#stream = opened.stream;
      this.#failed = undefined;
      const isLegacy = opened.connection.era === "legacy";
      store.keep({
        connection: opened.connection,
        revision: store.kept.revision + 1,
        legacySince: isLegacy ? (wasLegacy ? legacySince : Date.now()) : undefined,
        lastSeen: Date.now(),
      });
      await this.#deps.onOpened();
    } catch (error) {
      if (generation === this.#generation) this.fail(asGatewayError(error));
      throw error;
    }
  }

  #onClose(stream: SseConnection): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    if (this.#order === undefined) return;
    // The next revision: leases of the closed stream are over.
    const { store } = this.#deps;
    store.keep({ connection: undefined, revision: store.kept.revision + 1 });
    this.#deps.onClosed();
  }

  #requireTarget(order: BackendOrder): ConnectTarget {
    const target = resolveTarget(order, { ...this.#deps.env }, this.#hopId);
    if (target === undefined) throw new TypeError("only remote backends are connected to");
    return target;
  }

  /** Gives back what the backend keeps for us, without waiting for it. */
  #endSession(): void {
    const { connection } = this.#deps.store.kept;
    const order = this.#order;
    const sessionId = this.#sessionId;
    this.#stream?.close();
    this.#stream = undefined;
    this.#sessionId = undefined;
    if (order === undefined || connection === undefined || sessionId === undefined) return;
    const { protocolVersion } = connection;
    const end = async (): Promise<void> =>
      endSession(this.#requireTarget(order), { protocolVersion, sessionId }, this.#deps.fetch);
    this.#deps.waitUntil(end().catch(() => {})); // it would have ended by itself some day
  }
}

function superseded(): GatewayError {
  return new GatewayError("unavailable", "Cannot connect: the configuration changed meanwhile");
}
