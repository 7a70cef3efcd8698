import type { BackendOrder } from "../config/backend-order.ts";
import type { JsonObject } from "../core/json.ts";
import { asGatewayError, GatewayError } from "../core/errors.ts";
import { backendFailure } from "./backend-failure.ts";
import { CredentialRefused } from "./credential-refused.ts";
import { afterFailure } from "./backend-health.ts";
import type { BackendMemory } from "./backend-memory.ts";
import type { Kept } from "./backend-store.ts";
import { resolveTarget } from "./connect-target.ts";
import type { ConnectTarget } from "./connection.ts";
import type { Lease } from "./lease.ts";
import { makeLease } from "./make-lease.ts";
import type { ConnectorLine } from "./connector-line.ts";
import { connectorMissing, endSession, openBackend } from "./open-backend.ts";
import { START_TIMEOUT_MS } from "./open-connector.ts";
import { STEP_TIMEOUT_MS } from "./open-http.ts";
import type { OnStray, SseConnection } from "./open-sse.ts";
import type { Fetch } from "../core/outbound.ts";
import { afterTimeout } from "../core/patience.ts";
import { askedToWaitMs } from "./retry-times.ts";
import { LISTING_CAPABILITIES } from "./wire.ts";
import { isPersonal, loginKind, mayNeedLogin } from "./login-names.ts";
import { loginMissing } from "./login-needed.ts";
import type { Credential, ReadyCredential } from "./login-stub.ts";
import { SingleFlight } from "../core/single-flight.ts";

/** A stream or an era, `initialize` and `initialized`: three steps, or a local server that starts. */
export const HANDSHAKE_LIMIT_MS = Math.max(3 * STEP_TIMEOUT_MS, START_TIMEOUT_MS + 10_000) + 5_000;
/** Who calls while a local server starts is not kept as long as that may take. */
const START_WAIT_MS = 10_000;
/** A legacy backend may have been updated: once a day it is asked for its era again. */
const LEGACY_VERDICT_MS = 24 * 60 * 60 * 1_000;
/** What a token request may take, and a little more. */
const CREDENTIAL_LIMIT_MS = 15_000;
/** A token that was renewed because it was refused, and is refused again, ends the login. */
const MAX_LOGIN_TRIES = 2;
/** A backend that was just found down is not asked again by every caller. */
const FAIL_FAST_MS = 250;
/** One that hung costs a caller ten seconds: asked less often. */
const FAIL_FAST_HUNG_MS = 10_000;

export type LiveConnectionDeps = Readonly<{
  memory: BackendMemory;
  /** `${NAME}` of the config is looked up here. */
  variables: Readonly<Record<string, unknown>>;
  fetch: Fetch;
  hopId: () => string;
  /** The login this object connects with; `refused`: the version the backend has just refused. */
  credential: (order: BackendOrder, refused: number | undefined) => Promise<Credential>;
  waitUntil: (work: Promise<unknown>) => void;
  /** A legacy session there is, before it is told `initialized`; must not throw. */
  onSession: (lease: Lease) => Promise<void>;
  /** Connected anew: what was open on the connection before is over. */
  onOpened: () => Promise<void>;
  /** The stream of HTTP+SSE is over. */
  onClosed: () => void;
  /** What a connector brings, or why it brings nothing. */
  connector: () => Readonly<{ line: ConnectorLine | undefined; problem: string | undefined }>;
  /** The local server there refuses the handshake. */
  onRefused: () => void;
  /** A message on the stream of HTTP+SSE that belongs to no call. */
  onMessage: OnStray;
}>;

/** The one connection of a backend's object: opened when needed, once for all who need it. */
export class LiveConnection {
  readonly #deps: LiveConnectionDeps;
  readonly #memory: BackendMemory;
  #stream: SseConnection | undefined;
  #connecting = new SingleFlight(HANDSHAKE_LIMIT_MS);
  /** Grows when the order changes or goes: what was begun under an older one is dropped. */
  #generation = 0;
  readonly #asking = new SingleFlight(CREDENTIAL_LIMIT_MS);
  #credential: ReadyCredential | undefined;
  /** Of the credential that the backend has just refused. */
  #refused: number | undefined;
  #failed: { readonly error: GatewayError; readonly until: number } | undefined;

  constructor(deps: LiveConnectionDeps) {
    this.#deps = deps;
    this.#memory = deps.memory;
  }

  get generation(): number {
    return this.#generation;
  }

  get stream(): SseConnection | undefined {
    return this.#stream;
  }

  /**
   * What runs for the order before is neither waited for nor believed, and the backend is told that
   * its session is over; settles when it has taken note.
   */
  beginAnew(): Promise<void> {
    this.#generation += 1;
    this.#failed = undefined;
    this.#connecting = new SingleFlight(HANDSHAKE_LIMIT_MS);
    return this.#endSession();
  }

  /** One handshake for all who ask at once. `patient` work retries what callers are spared. */
  async ensure({ patient }: { patient: boolean }): Promise<void> {
    const { order, kept } = this.#memory;
    if (order === undefined) {
      throw new GatewayError("unavailable", "Cannot connect: this backend is not configured here");
    }
    const { kind } = order.config.transport;
    if (this.#wantsLogin(order)) await this.#ensureCredential(order);
    if (kind === "stdio") this.#pickUpLine(order);
    const hasStream = kind === "sse" || kind === "stdio";
    const isOpen = kept.connection !== undefined && (!hasStream || this.#stream?.isOpen());
    if (isOpen === true) return;
    const failed = this.#failed;
    if (!patient && !this.#connecting.isRunning && failed !== undefined) {
      if (failed.until > Date.now()) throw failed.error;
    }
    const connecting = this.#connecting.run(() => this.#connect(order));
    return patient || kind !== "stdio" ? connecting : whileStarting(order, connecting);
  }

  /** The local server is gone, or its connector is. */
  loseLine(): void {
    this.#stream = undefined;
    this.#failed = undefined;
    if (this.#memory.order === undefined) return;
    // The next revision: leases of the lost line are over.
    this.#memory.keep({ connection: undefined, revision: this.#memory.kept.revision + 1 });
  }

  lease(timeoutMs: number): Lease {
    const { order, sessionId } = this.#memory;
    const { connection, revision } = this.#memory.kept;
    if (order === undefined || connection === undefined) throw superseded();
    const target = this.#requireTarget(order);
    const now = Date.now();
    const tokenExpires = this.#credential?.expires;
    const live = { revision, connection, sessionId, timeoutMs, now, tokenExpires };
    return makeLease(order, target, live);
  }

  /** The backend refuses the credential: the next connection is made with a fresh one. */
  refuse({ wantsLogin }: Readonly<{ wantsLogin: boolean }>): void {
    this.#refused = this.#credential?.version;
    const config = this.#memory.order?.config;
    const mayHelp = wantsLogin || config?.oauth !== undefined;
    const mayLogIn = mayHelp && config !== undefined && mayNeedLogin(config);
    if (this.#credential === undefined && mayLogIn) this.#memory.keep({ login: "needed" });
    this.disconnect();
  }

  /** The login was made anew, or is gone: nothing of it is held. After `beginAnew`. */
  forgetCredential(): void {
    this.#credential = undefined;
    this.#refused = undefined;
  }

  disconnect(): void {
    this.#stream?.close();
    this.#memory.holdSession(undefined);
    this.#memory.keep({ connection: undefined });
  }

  fail(error: GatewayError): void {
    const hung = error.code === "backend_timeout";
    const wait = Math.max(hung ? FAIL_FAST_HUNG_MS : FAIL_FAST_MS, askedToWaitMs(error));
    this.#failed = { error, until: Date.now() + wait };
    this.#stream?.close();
    this.#memory.keep(afterFailure(this.#memory.kept, error));
  }

  /** A line that was there before this object slept needs no second handshake. */
  #pickUpLine({ config }: BackendOrder): void {
    const { line, problem } = this.#deps.connector();
    if (line === undefined) throw connectorMissing(config.name, problem);
    const { connection, handshake } = this.#memory.kept;
    const isKnown = connection !== undefined && handshake?.run === line.run;
    this.#stream = isKnown ? line : undefined;
  }

  async #connect(order: BackendOrder): Promise<void> {
    const { fetch, onMessage, onSession, onOpened } = this.#deps;
    const { line } = this.#deps.connector();
    const memory = this.#memory;
    const generation = this.#generation;
    const { legacySince } = memory.kept;
    const wasLegacy = legacySince !== undefined && Date.now() - legacySince < LEGACY_VERDICT_MS;
    try {
      this.#stream?.close();
      // Whatever comes of it: what was on the connection before is over.
      const revision = memory.kept.revision + 1;
      memory.keep({ revision });
      const opened = await this.#openWithLogin(order, (target) =>
        openBackend(order, target, {
          fetch,
          wasLegacy,
          capabilities: memory.kept.capabilities ?? listingCapabilities(order, memory.kept),
          isOneUsers: memory.kept.role !== "shared",
          line,
          handshake: memory.kept.handshake,
          onSession: async (begun) => {
            if (generation !== this.#generation) return;
            const live = { ...begun, revision, timeoutMs: STEP_TIMEOUT_MS, now: Date.now() };
            await onSession(makeLease(order, target, live));
          },
          onClose: (stream) => this.#onClose(stream),
          onMessage,
        }),
      );
      if (generation === this.#generation) {
        await memory.store.seal({ order: memory.order ?? order, sessionId: opened.sessionId });
      }
      if (generation !== this.#generation) {
        opened.stream?.close();
        throw superseded();
      }
      if (opened.stream?.isOpen() === false) throw endedAtOnce(order);
      memory.holdSession(opened.sessionId);
      this.#stream = opened.stream;
      this.#failed = undefined;
      const isLegacy = opened.connection.era === "legacy";
      memory.keep({
        connection: opened.connection,
        ...(line === undefined
          ? {}
          : { handshake: { run: line.run, connection: opened.connection } }),
        revision,
        legacySince: isLegacy ? (wasLegacy ? legacySince : Date.now()) : undefined,
        lastSeen: Date.now(),
      });
      await onOpened();
    } catch (error) {
      if (generation === this.#generation) {
        this.fail(asGatewayError(error));
        if (line !== undefined) this.#afterRefusal(line, asGatewayError(error), wasLegacy);
      }
      throw error;
    }
  }

  /** A 401 may mean that there has to be a login, or that its token has ended before its time. */
  async #openWithLogin<Value>(
    order: BackendOrder,
    open: (target: ConnectTarget) => Promise<Value>,
  ): Promise<Value> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await open(this.#requireTarget(order));
      } catch (error) {
        if (!(error instanceof CredentialRefused) || tries === MAX_LOGIN_TRIES) throw error;
        const mayHelp = error.wantsLogin || this.#wantsLogin(order);
        if (!mayHelp || !mayNeedLogin(order.config)) throw error;
      }
      this.#refused = this.#credential?.version;
      await this.#ensureCredential(order);
    }
  }

  #wantsLogin({ config }: BackendOrder): boolean {
    if (this.#memory.kept.login !== undefined || config.oauth !== undefined) return true;
    return isPersonal(config) || ("url" in config.transport && loginKind(config) === "key");
  }

  /** Throws `backend_unauthorized` while there is no login that is good. */
  #ensureCredential(order: BackendOrder): Promise<void> {
    const held = this.#credential;
    const isGood = held !== undefined && Date.now() < held.askAgainAt;
    if (isGood && this.#refused === undefined) return Promise.resolve();
    return this.#asking.run(async () => {
      const generation = this.#generation;
      const credential = await this.#deps.credential(order, this.#refused);
      const isReady = credential.state === "ready";
      // Of a login that ends, this is told twice: here, and by what ended it.
      if (generation !== this.#generation && isReady) throw superseded();
      const login = isReady ? "ready" : "needed";
      if (this.#memory.kept.login !== login) this.#memory.keep({ login });
      this.#credential = isReady ? credential : undefined;
      this.#refused = undefined;
      if (!isReady) {
        this.disconnect();
        throw loginMissing(order.config, credential.state);
      }
    });
  }

  #afterRefusal(line: ConnectorLine, error: GatewayError, wasLegacy: boolean): void {
    // Some take anything but `initialize` for a reason to end: the next start is asked nothing else.
    if (!line.isOpen() && !wasLegacy) this.#memory.keep({ legacySince: Date.now() });
    if (line.isOpen() && error.code === "backend_failed") this.#deps.onRefused();
  }

  #onClose(stream: SseConnection): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    if (this.#memory.order === undefined) return;
    // The next revision: leases of the closed stream are over.
    this.#memory.keep({ connection: undefined, revision: this.#memory.kept.revision + 1 });
    this.#deps.onClosed();
  }

  #requireTarget(order: BackendOrder): ConnectTarget {
    const { variables, hopId } = this.#deps;
    const credential = this.#credential;
    const target = resolveTarget(order, { ...variables }, { hopId: hopId(), credential });
    if (target === undefined) throw new TypeError("only remote backends are connected to");
    return target;
  }

  /** Gives back what the backend keeps for us. */
  #endSession(): Promise<void> {
    const { order, sessionId, kept } = this.#memory;
    const stream = this.#stream;
    this.#stream = undefined; // closed by us: nothing is to be made anew
    stream?.close();
    this.#memory.holdSession(undefined);
    if (order === undefined || kept.connection === undefined || sessionId === undefined) {
      return Promise.resolve();
    }
    const { protocolVersion } = kept.connection;
    const end = async (): Promise<void> =>
      endSession(this.#requireTarget(order), { protocolVersion, sessionId }, this.#deps.fetch);
    const ended = end().catch(() => {}); // it would have ended by itself some day
    this.#deps.waitUntil(ended);
    return ended;
  }
}

async function whileStarting({ config }: BackendOrder, connecting: Promise<void>): Promise<void> {
  const blame = { action: "connect", backend: config.name };
  const { promise: tooLong, reject } = Promise.withResolvers<never>();
  const callOff = afterTimeout(START_WAIT_MS, () =>
    reject(backendFailure(blame, "backend_offline", "is a local server that is still starting")),
  );
  try {
    await Promise.race([connecting, tooLong]);
  } finally {
    callOff();
  }
}

function endedAtOnce({ config }: BackendOrder): GatewayError {
  const blame = { action: "connect", backend: config.name };
  return backendFailure(blame, "backend_failed", "ended its event stream");
}

function superseded(): GatewayError {
  return new GatewayError("unavailable", "Cannot connect: the configuration changed meanwhile");
}

/** Of the session that only lists: calls go on sessions of their users, unless all share this one. */
function listingCapabilities(
  { config }: BackendOrder,
  { role }: Pick<Kept, "role">,
): JsonObject | undefined {
  // The one session of a local server is everybody's: questions find the one who calls.
  const isEverybodys = config.session === "per-user" || config.transport.kind === "stdio";
  return role === "shared" && isEverybodys ? LISTING_CAPABILITIES : undefined;
}
