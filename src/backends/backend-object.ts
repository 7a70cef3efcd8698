import { DurableObject } from "cloudflare:workers";
import type { Listing } from "../catalog/listing.ts";
import type { ToolReview, ToolVerdict } from "../catalog/tool-review.ts";
import type { BackendState } from "../config/backend-report.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import type { Registry } from "../config/registry.ts";
import { asGatewayError, GatewayError } from "../core/errors.ts";
import { gatewayHopId } from "../core/hop.ts";
import type { JsonObject } from "../core/json.ts";
import { capture, type Outcome, release } from "../core/outcome.ts";
import { Paced } from "../core/paced.ts";
import { afterTimeout } from "../core/patience.ts";
import { createSeal } from "../core/seal.ts";
import { within } from "../core/within.ts";
import { AttendanceBook } from "./attendance-book.ts";
import { NOT_CONNECTED, STREAM_BROKEN } from "./backend-failure.ts";
import { BackendMemory } from "./backend-memory.ts";
import { BackendReporter } from "./backend-reporter.ts";
import { BackendStore, NOTHING_KEPT } from "./backend-store.ts";
import type {
  Attendance,
  BackendListener,
  BackendRole,
  BackendStub,
  LeaseAsk,
} from "./backend-stub.ts";
import { ConnectorCare } from "./connector-care.ts";
import { ConnectorSeat } from "./connector-seat.ts";
import { readOwner, UPGRADE_URL } from "./connector-socket.ts";
import { HeardMessages } from "./heard-messages.ts";
import type { Lease } from "./lease.ts";
import { ListingWork } from "./listing-work.ts";
import { Listening } from "./listening.ts";
import { LiveConnection } from "./live-connection.ts";
import { holdingOf, type LoginHolding, personalObject, SHARED, toUserOf } from "./login-names.ts";
import type { LoginStub } from "./login-stub.ts";
import { STEP_TIMEOUT_MS } from "./open-http.ts";
import { RETRY_SOON_MS } from "./retry-times.ts";
import { sendReply, sendRequest } from "./send.ts";
import { ServedListing } from "./served-listing.ts";
import { TrustStore } from "./trust-store.ts";
import { wayOut, type WayOut } from "../core/way-out.ts";

/** What this object needs of its Worker's environment; `${NAME}` of the config is looked up here too. */
export type BackendEnv = WayOut &
  Readonly<{
    ENCRYPTION_KEY?: string;
    PUBLIC_URL?: string;
    REGISTRY: { getByName: (name: string) => Pick<Registry, "reportBackend" | "getRecord"> };
    CALLERS: { getByName: (name: string) => BackendListener };
    BACKENDS: {
      getByName: (name: string) => Pick<BackendStub, "listChanged" | "judge" | "judgedAnew">;
    };
    LOGINS: {
      getByName: (name: string) => Pick<LoginStub, "credential" | "needScope" | "reportPersonal">;
    };
  }>;

const REGISTRY_NAME = "registry";
/** The session of a user who has not called for so long is given back. */
const SESSION_IDLE_MS = 60 * 60 * 1_000;
/** `usedAt` is written this often at most: a write per lease would cost a disk sync each. */
const USED_RESOLUTION_MS = 5 * 60 * 1_000;
/** Somebody's own listing is kept fresh for as long after their last call, and kept for a month. */
const ACTIVE_MS = 15 * 60 * 1_000;
const PERSONAL_IDLE_MS = 30 * 24 * 60 * 60 * 1_000;
/** For a log: nobody reads it any more. */
const CALLER_GONE = 499;
/** Who attends waits no longer for a backend that is slow to listen. */
const IN_PLACE_MS = 1_500;

/**
 * Keeps what one backend needs remembered: era, session, listing, health, and who listens. Calls do
 * not pass through it, except to backends that answer on a shared stream (HTTP+SSE) and to those a
 * connector brings, whose socket it holds. Assume eviction between any two calls: the socket stays,
 * and the constructor brings everything back but the streams, which are opened again.
 */
export class BackendObject extends DurableObject<BackendEnv> implements BackendStub {
  readonly #memory: BackendMemory;
  readonly #connection: LiveConnection;
  readonly #seat: ConnectorSeat;
  readonly #care: ConnectorCare;
  readonly #attendances: AttendanceBook;
  readonly #listening: Listening;
  readonly #heard: HeardMessages;
  readonly #served: ServedListing;
  readonly #reporter: BackendReporter;
  readonly #work: ListingWork;
  /** How messages to the backend travel. */
  readonly #io = {
    fetch: wayOut(this.env),
    object: () => this,
    waitUntil: (work: Promise<unknown>) => this.ctx.waitUntil(work),
  };
  readonly #relist = new Paced<"lists">(afterTimeout, () =>
    this.ctx.waitUntil(this.#onListChanged()),
  );
  #hopId = "";
  #adopting: Promise<void> = Promise.resolve();

  constructor(ctx: DurableObjectState, env: BackendEnv) {
    super(ctx, env);
    const { sql } = ctx.storage;
    this.#memory = new BackendMemory(
      new BackendStore(sql, createSeal(env.ENCRYPTION_KEY, "backend")),
    );
    this.#attendances = new AttendanceBook(sql, Date.now);
    this.#served = new ServedListing({
      memory: this.#memory,
      pins: new TrustStore(sql),
      publicUrl: env.PUBLIC_URL,
      objectName: () => ctx.id.name ?? "",
      object: (name) => env.BACKENDS.getByName(name),
      now: Date.now,
    });
    this.#connection = new LiveConnection({
      memory: this.#memory,
      variables: { ...env },
      fetch: this.#io.fetch,
      hopId: () => this.#hopId,
      credential: async (order, refused) => {
        const { login, account } = this.#holding;
        const ask = { account, object: this.ctx.id.name ?? order.config.name, refused };
        return release(await this.env.LOGINS.getByName(login).credential(order, ask));
      },
      waitUntil: (work) => ctx.waitUntil(work),
      onSession: (lease) => this.#listening.beginEarly(lease),
      onOpened: () => this.#onOpened(),
      onClosed: () => this.#onClosed(),
      connector: () => this.#seat,
      onRefused: () => this.#seat.restart(),
      onMessage: (message, reply) => ctx.waitUntil(this.#heard.hear(message, reply)),
    });
    this.#seat = new ConnectorSeat({
      sockets: ctx,
      backend: () => (this.#care.isNeeded ? this.#memory.order?.config.name : undefined),
      onUp: () => ctx.waitUntil(this.#onListChanged()),
      onDown: () => this.#onLineDown(),
      onMessage: (message, reply) => ctx.waitUntil(this.#heard.hear(message, reply)),
      after: afterTimeout,
      now: Date.now,
    });
    this.#reporter = new BackendReporter({
      memory: this.#memory,
      seat: this.#seat,
      registry: () => env.REGISTRY.getByName(REGISTRY_NAME),
      logins: (user) => env.LOGINS.getByName(user),
      holding: () => this.#holding,
      onUnheard: () => this.#schedule(RETRY_SOON_MS * 5),
    });
    this.#care = new ConnectorCare({
      memory: this.#memory,
      seat: this.#seat,
      schedule: (ms) => this.#schedule(ms),
      report: () => this.#reporter.report(),
      isGood: async (credential) => {
        const registry = this.env.REGISTRY.getByName(REGISTRY_NAME);
        return (await registry.getRecord(`key:${credential}`)) !== null;
      },
      waitUntil: (work) => ctx.waitUntil(work),
      now: Date.now,
    });
    this.#work = new ListingWork({
      memory: this.#memory,
      connection: this.#connection,
      care: this.#care,
      served: this.#served,
      send: (lease, request, signal) =>
        sendRequest(lease, request, { ...this.#io, signal, now: Date.now }),
      report: () => this.#reporter.report(),
      needScope: (backend, scope) => {
        const { login, account } = this.#holding;
        const said = env.LOGINS.getByName(login).needScope(backend, account, scope);
        ctx.waitUntil(said.catch(() => {})); // the next listing says it again
      },
      setAlarm: (at) => ctx.storage.setAlarm(at),
      deleteAlarm: () => ctx.storage.deleteAlarm(),
      now: Date.now,
    });
    this.#heard = new HeardMessages({
      attending: () => this.#attendances.attending(),
      isOneUsers: () => this.#memory.kept.role !== "shared",
      capabilities: () => this.#memory.kept.capabilities ?? {},
      onListChanged: () => this.#relist.hit("lists"),
      tell: (listener, message) => this.#tell(listener, message),
      after: afterTimeout,
    });
    this.#listening = new Listening({
      wanted: () => this.#attendances.wanted(),
      connect: async () => {
        await this.#connection.ensure({ patient: false });
        const lease = this.#connection.lease(STEP_TIMEOUT_MS);
        return { lease, capabilities: this.#memory.kept.connection?.capabilities ?? {} };
      },
      onLost: ({ revision }) => {
        if (revision === this.#memory.kept.revision) this.#connection.disconnect();
      },
      onMessage: (message, lease) => {
        const reply = (response: JsonObject): Promise<void> => sendReply(lease, response, this.#io);
        ctx.waitUntil(this.#heard.hear(message, reply));
      },
      onGap: () => {
        this.#relist.hit("lists");
        this.#heard.catchUp();
      },
      io: this.#io,
      after: afterTimeout,
      now: Date.now,
    });
    const restored = ctx.blockConcurrencyWhile(async () => {
      this.#hopId = await gatewayHopId(env.ENCRYPTION_KEY);
      await this.#memory.restore();
    });
    // After an eviction who attends goes on hearing. Nothing else waits for a backend that is slow.
    ctx.waitUntil(
      restored.then(() => {
        if (this.#care.isMissed) return this.#care.noteAbsence();
        if (this.#attendances.wanted() !== undefined) return this.#listening.goOn();
        return undefined;
      }),
    );
  }

  async configure(order: BackendOrder): Promise<void> {
    const before = this.#memory.order;
    await this.#adopt(order, "shared");
    if (before?.config.trust !== order.config.trust) this.ctx.waitUntil(this.#served.tellAskers());
    await this.ctx.storage.setAlarm(Date.now() + RETRY_SOON_MS); // should the next line be cut short
    this.ctx.waitUntil(this.#work.judgeAgain().then(() => this.#work.run()));
  }

  async remove(): Promise<void> {
    void this.#beginAnew();
    // Before anything is awaited: the backend may be configured again in the meantime.
    this.#memory.clear();
    this.#attendances.clear();
    this.#seat.dismiss();
    await this.ctx.storage.deleteAlarm();
  }

  async revoked(credential: string): Promise<void> {
    this.#seat.revoke(credential);
  }

  expectConnector(order: BackendOrder): Promise<Outcome<void>> {
    return capture(() => this.#adopt(order, "shared"));
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    this.#seat.receive(socket, data);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#seat.leave(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.#seat.leave(socket);
  }

  async loginChanged(): Promise<void> {
    if (this.#memory.order === undefined) return;
    void this.#beginAnew();
    this.#connection.forgetCredential();
    const { revision, role } = this.#memory.kept;
    // Leases of before carry a token of before.
    this.#memory.keep({ connection: undefined, revision: revision + 1, legacySince: undefined });
    if (role === "shared") await this.#schedule(0);
  }

  async prepare(order: BackendOrder): Promise<void> {
    await this.#adopt(order, "personal");
    this.#noteUse();
    const { state, login } = this.#memory.kept;
    const isFresh = Date.now() - this.#work.lastRun < RETRY_SOON_MS * 5;
    if (isFresh && state === "ready" && login !== "needed") return this.#reporter.report();
    await this.#work.run();
  }

  async release(): Promise<void> {
    if (this.#memory.kept.role !== "session") return; // what others use too is nobody's to end
    const ended = this.#beginAnew();
    this.#memory.clear();
    this.#attendances.clear();
    await this.ctx.storage.deleteAlarm();
    await ended;
  }

  lease(order: BackendOrder, ask: LeaseAsk): Promise<Outcome<Lease>> {
    return capture(async () => {
      await this.#adopt(order, ask.role);
      this.#declare(ask.capabilities);
      if (ask.lost !== undefined && ask.lost === this.#memory.kept.revision) {
        if (ask.refused !== undefined) this.#connection.refuse(ask.refused);
        else this.#connection.disconnect();
      }
      await this.#connection.ensure({ patient: false });
      this.#noteUse();
      return this.#connection.lease(order.config.timeoutMs);
    });
  }

  attend(order: BackendOrder, attendance: Attendance): Promise<Outcome<void>> {
    return capture(async () => {
      const { kind } = order.config.transport;
      if (kind === "builtin") return; // it says nothing by itself
      await this.#adopt(order, attendance.role);
      this.#declare(attendance.capabilities);
      this.#noteUse();
      if (!this.#attendances.note(attendance)) {
        throw new GatewayError("rate_limited", "Cannot listen: too many listen to this backend");
      }
      const inPlace = this.#listening.sync();
      this.ctx.waitUntil(inPlace);
      await within(IN_PLACE_MS, inPlace, afterTimeout);
    });
  }

  async leave(listener: string): Promise<void> {
    this.#attendances.leave(listener);
    this.ctx.waitUntil(this.#listening.sync());
  }

  async listChanged(): Promise<void> {
    this.#relist.hit("lists");
  }

  async changed(notices: readonly JsonObject[]): Promise<void> {
    for (const notice of notices) this.#heard.hearChange(notice);
  }

  async listing(): Promise<Listing | undefined> {
    return this.#memory.store.readListing();
  }

  async reviews(): Promise<readonly ToolReview[]> {
    return this.#served.reviews();
  }

  decide(verdicts: readonly ToolVerdict[]): Promise<Outcome<void>> {
    return capture(async () => {
      const { order } = this.#memory;
      if (order === undefined)
        throw new GatewayError("not_found", "Cannot decide: no such backend");
      await this.#served.decide(order, verdicts);
      this.ctx.waitUntil(this.#served.tellAskers());
      await this.#reporter.report();
    });
  }

  async judge(order: BackendOrder, listing: Listing, asker: string): Promise<Listing> {
    const { toReview } = this.#memory.kept;
    const judged = await this.#served.judgeFor(asker, order, listing);
    if (this.#memory.kept.toReview !== toReview) this.ctx.waitUntil(this.#reporter.report());
    return judged;
  }

  async judgedAnew(): Promise<boolean> {
    if (this.#memory.order === undefined || this.#memory.kept.role !== "personal") return false;
    this.ctx.waitUntil(this.#work.judgeAgain());
    return true;
  }

  async refresh(): Promise<void> {
    await this.#schedule(Math.max(0, this.#work.lastRun + RETRY_SOON_MS * 5 - Date.now()));
  }

  override async fetch(request: Request): Promise<Response> {
    if (request.url === UPGRADE_URL) return this.#care.accept(readOwner(request));
    try {
      await this.#connection.ensure({ patient: false });
    } catch (error) {
      const { message } = asGatewayError(error);
      return new Response(message, { status: NOT_CONNECTED });
    }
    const { method, headers, signal } = request;
    const body = await request.text().catch(() => undefined);
    if (body === undefined) return new Response(null, { status: CALLER_GONE });
    const { stream } = this.#connection;
    if (stream === undefined) return new Response("no stream is open", { status: NOT_CONNECTED });
    try {
      return await stream.fetch(request.url, {
        method,
        headers,
        body,
        signal,
      });
    } catch {
      return new Response("could not be delivered", { status: STREAM_BROKEN }); // or nobody listens
    }
  }

  override async alarm(): Promise<void> {
    if (this.#memory.order === undefined) return;
    this.#seat.closeExpired();
    const { role, usedAt } = this.#memory.kept;
    if (role === "shared") return this.#work.run();
    const idle = Date.now() - usedAt;
    if (role === "personal" && idle < ACTIVE_MS) return this.#work.run();
    const life = role === "personal" ? PERSONAL_IDLE_MS : SESSION_IDLE_MS;
    if (idle >= life) return this.remove();
    if (role === "personal" && idle >= SESSION_IDLE_MS) this.#giveBack();
    const next = role === "personal" && idle < SESSION_IDLE_MS ? SESSION_IDLE_MS : life;
    await this.ctx.storage.setAlarm(Date.now() + next - idle);
  }

  /** The session of somebody who may be back tomorrow; what was listed for them stays. */
  #giveBack(): void {
    void this.#beginAnew();
    this.#memory.keep({ connection: undefined, revision: this.#memory.kept.revision + 1 });
  }

  get #holding(): LoginHolding {
    return this.#memory.kept.holding ?? { login: SHARED, account: "" };
  }

  /** A client can do the same for as long as its session lasts; the name of this object says whose. */
  #declare(capabilities: JsonObject | undefined): void {
    if (capabilities === undefined || this.#memory.kept.capabilities !== undefined) return;
    this.#memory.keep({ capabilities });
  }

  /** One after another: two at once would each begin anew and drop what the other began. */
  #adopt(order: BackendOrder, role: BackendRole): Promise<void> {
    const adopted = this.#adopting.then(() => this.#adoptNewest(order, role));
    this.#adopting = adopted.catch(() => {}); // its own caller is told
    return adopted;
  }

  /** The newest order wins; one with another address, credential or session rule starts anew. */
  async #adoptNewest(order: BackendOrder, role: BackendRole): Promise<void> {
    const before = this.#memory.order;
    if (before !== undefined && before.configVersion >= order.configVersion) return;
    const isSame = before !== undefined && identityOf(before) === identityOf(order);
    if (!isSame) void this.#beginAnew();
    await this.#memory.keepOrder(order);
    if (isSame && this.#memory.kept.role === role) return;
    const state: BackendState = order.config.transport.kind === "stdio" ? "offline" : "connecting";
    if (!isSame) this.#memory.store.clearListing();
    const holding = holdingOf(this.ctx.id.name ?? order.config.name, order.config);
    this.#memory.keep(
      isSame
        ? { role, holding }
        : {
            ...NOTHING_KEPT,
            connection: undefined,
            role,
            holding,
            state,
            revision: this.#memory.kept.revision + 1,
          },
      isSame ? this.#memory.kept : NOTHING_KEPT,
    );
    if (state !== "offline") this.#seat.dismiss();
  }

  /** What runs for the order before is neither waited for nor believed. */
  #beginAnew(): Promise<void> {
    this.#work.beginAnew();
    this.#listening.reset();
    return this.#connection.beginAnew();
  }

  #onLineDown(): void {
    this.#connection.loseLine();
    this.ctx.waitUntil(this.#listening.breakOff());
    this.ctx.waitUntil(this.#care.noteAbsence());
  }

  async #onOpened(): Promise<void> {
    this.ctx.waitUntil(this.#listening.sync());
    // A caller's connection to a backend that was down: it is to be listed again at once.
    const { role, state } = this.#memory.kept;
    if (role !== "session" && state !== "ready") await this.#schedule(0);
  }

  #onClosed(): void {
    this.ctx.waitUntil(this.#listening.breakOff());
    if (this.#memory.kept.role !== "session") this.ctx.waitUntil(this.#schedule(RETRY_SOON_MS));
  }

  async #tell(listener: string, message: JsonObject): Promise<JsonObject | undefined> {
    const { order } = this.#memory;
    const object = this.ctx.id.name;
    if (order === undefined || object === undefined) return undefined;
    return this.env.CALLERS.getByName(listener).heard(
      { backend: order.config.name, object },
      message,
    );
  }

  async #onListChanged(): Promise<void> {
    const { order, kept } = this.#memory;
    if (order === undefined) return;
    if (kept.role === "session") {
      const { name } = order.config;
      const { login, account } = this.#holding;
      const listed = login === SHARED ? name : personalObject(name, account, toUserOf(login));
      return this.env.BACKENDS.getByName(listed)
        .listChanged()
        .catch(() => {}); // it lists again within a minute anyway
    }
    if (this.#work.isRunning) await this.#work.run(); // it may have listed before the change
    await this.#work.run();
  }

  #noteUse(): void {
    const { role, usedAt } = this.#memory.kept;
    if (role === "shared" || Date.now() - usedAt < USED_RESOLUTION_MS) return;
    this.#memory.keep({ usedAt: Date.now() });
    if (role === "personal") return this.ctx.waitUntil(this.#schedule(ACTIVE_MS));
    this.ctx.waitUntil(this.ctx.storage.setAlarm(Date.now() + SESSION_IDLE_MS));
  }

  /** Sooner wins. */
  async #schedule(delay: number): Promise<void> {
    const at = Date.now() + delay;
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > at) await this.ctx.storage.setAlarm(at);
  }
}

/** What makes a backend another one; a local server is what its connector says it is. */
function identityOf({ config, privateOrigins }: BackendOrder): string {
  const { transport, session, credentials, oauth } = config;
  return JSON.stringify(
    transport.kind === "stdio"
      ? transport
      : [transport, session, privateOrigins, credentials, oauth],
  );
}
