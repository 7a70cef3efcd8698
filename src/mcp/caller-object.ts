import { DurableObject } from "cloudflare:workers";
import type { Caller } from "../auth/caller.ts";
import type { BackendStub } from "../backends/backend-stub.ts";
import { GiveUp } from "../core/call-signal.ts";
import { asGatewayError } from "../core/errors.ts";
import type { BackendName } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { capture, type Outcome } from "../core/outcome.ts";
import { afterTimeout } from "../core/patience.ts";
import type { Slip } from "../core/slips.ts";
import type { Scope } from "../gateway/gateway.ts";
import type { KeptAsk, KeptState } from "../gateway/house-tool.ts";
import { answerListen } from "./answer-listen.ts";
import { answerTask } from "./answer-task.ts";
import type { Attended } from "./attendances.ts";
import type { DispatchDeps } from "./call.ts";
import type {
  CallerStub,
  CallHop,
  SessionInfo,
  SessionOpening,
  StreamHop,
  TellHop,
} from "./caller-stub.ts";
import { DetachedCalls } from "./detached-calls.ts";
import { HeldCalls } from "./held-calls.ts";
import type { HeldRoom } from "./held-room.ts";
import { LiveUpdates } from "./live-updates.ts";
import { failureReply } from "./mcp-errors.ts";
import { jsonReply } from "./reply.ts";
import { OwnConnections } from "./own-connections.ts";
import { RpcFailure } from "./rpc-failure.ts";
import { runHeldCall } from "./run-held-call.ts";
import { runSessionCall } from "./run-session-call.ts";
import type { Session } from "./session-store.ts";
import { Sessions } from "./sessions.ts";
import { SlipStore } from "./slip-store.ts";
import { TASK_METHODS } from "./task-wire.ts";

/** How often what is too old is removed, while there is anything. */
const SWEEP_MS = 15 * 60 * 1_000;

export type CallerDeps = DispatchDeps &
  Readonly<{
    /** As `Registry.watch`; what the gateway sees afterwards is at least as new. */
    watch: (change: number) => Promise<number>;
    backend: (object: string) => Attended & Pick<BackendStub, "release">;
  }>;

/**
 * Keeps what is live for one user: sessions of legacy clients with their streams, calls that wait
 * for answers or go on without their client, who hears of what, and what chats come back for. One
 * object per user id, so that whatever belongs to somebody else is simply not here. Assume eviction
 * between any two requests: sessions, the events of their streams, results and slips are in storage,
 * calls under way are lost and said to be.
 */
export abstract class CallerObjectBase<Env> extends DurableObject<Env> implements CallerStub {
  readonly #held = new HeldCalls();
  readonly #detached: DetachedCalls;
  readonly #updates: LiveUpdates;
  readonly #own: OwnConnections;
  readonly #sessions: Sessions;
  readonly #slips: SlipStore;
  readonly #room: HeldRoom;
  readonly #backend: CallerDeps["backend"];
  #sweepsAt = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const deps = this.compose(env);
    this.#backend = deps.backend;
    const now = Date.now;
    this.#detached = new DetachedCalls(ctx.storage.sql);
    this.#slips = new SlipStore(ctx.storage.sql);
    this.#updates = new LiveUpdates({
      name: ctx.id.name ?? "",
      gateway: deps.gateway,
      watch: deps.watch,
      backend: deps.backend,
      context: () => ({
        requestId: crypto.randomUUID(),
        signal: new GiveUp(),
        after: afterTimeout,
        waitUntil: (work) => ctx.waitUntil(work),
      }),
      after: afterTimeout,
      now,
    });
    this.#own = new OwnConnections({
      attend: (who, wanted) => this.#updates.attend(who, wanted),
      after: afterTimeout,
      now,
    });
    const room: HeldRoom = {
      deps,
      calls: this.#held,
      detached: this.#detached,
      own: this.#own,
      waitUntil: (work) => ctx.waitUntil(work),
    };
    this.#room = room;
    this.#sessions = new Sessions(ctx.storage.sql, {
      updates: this.#updates,
      run: (hop, port) => runSessionCall(room, hop, port),
      onRoots: (caller, session) => this.#tellRoots(caller, session),
      onEnd: (session) => this.#release(session),
      now,
    });
  }

  /** The gateway as the composition root puts it together. */
  protected abstract compose(env: Env): CallerDeps;

  openSession(caller: Caller, opening: SessionOpening): Promise<Outcome<SessionInfo>> {
    return capture(async () => {
      const info = this.#sessions.open(caller, opening);
      await this.#sweepSoon();
      return info;
    });
  }

  async findSession(caller: Caller, scope: Scope, id: string): Promise<SessionInfo | undefined> {
    return this.#sessions.info(caller, scope, id);
  }

  async endSession(caller: Caller, scope: Scope, id: string): Promise<boolean> {
    return this.#sessions.end(caller, scope, id);
  }

  async call(hop: CallHop): Promise<Response> {
    const { method, id } = hop.request;
    try {
      if (method === "subscriptions/listen") return await answerListen(this.#updates, hop);
      if (TASK_METHODS.has(method)) return jsonReply(answerTask(this.#detached, hop));
      if (hop.session === undefined && !WATCHING.has(method)) {
        return await runHeldCall(this.#room, hop);
      }
      return await this.#sessions.call(hop);
    } catch (error) {
      return jsonReply(failureReply(id, error));
    } finally {
      await this.#sweepSoon();
    }
  }

  async kept({ handle, waitMs, cancel }: KeptAsk): Promise<KeptState> {
    if (cancel) this.#detached.cancel(handle);
    await this.#detached.wait(handle, waitMs);
    const standing = this.#detached.find(handle);
    if (standing === undefined) return { kind: "unknown" };
    const { tool, status, createdAt } = standing.call;
    if (status === "cancelled") return { kind: "cancelled", tool };
    if (standing.kind === "over") return { kind: "over", text: standing.text };
    const seconds = Math.round((Date.now() - createdAt) / 1_000);
    return { kind: "running", tool, seconds, message: standing.message };
  }

  async leave(requestId: string): Promise<void> {
    this.#held.abandon(requestId);
  }

  async tell(hop: TellHop): Promise<void> {
    this.#sessions.tell(hop);
  }

  async stream(hop: StreamHop): Promise<Response> {
    try {
      return await this.#sessions.stream(hop);
    } catch (error) {
      // There is no request whose answer this could be: the status has to say it.
      const known = error instanceof RpcFailure ? error : asGatewayError(error);
      const reply = failureReply(null, known);
      return jsonReply({ text: reply.text, status: reply.status === 200 ? 429 : reply.status });
    }
  }

  async heard(
    { object }: Readonly<{ backend: BackendName; object: string }>,
    message: JsonObject,
  ): Promise<JsonObject | undefined> {
    if (this.#updates.heard(object, message)) return undefined;
    return this.#own.heard(object, message);
  }

  async putSlip(slip: Slip): Promise<void> {
    this.#slips.put(slip, Date.now());
    await this.#sweepSoon();
  }

  async takeSlip(name: string): Promise<string | undefined> {
    return this.#slips.take(name, Date.now());
  }

  async readSlips(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const now = Date.now();
    const found = new Map<string, string>();
    for (const name of names) {
      const text = this.#slips.read(name, now);
      if (text !== undefined) found.set(name, text);
    }
    return found;
  }

  override async alarm(): Promise<void> {
    this.#sweepsAt = 0;
    const isLeft = [
      this.#sessions.sweep(),
      this.#detached.sweep(),
      this.#slips.sweep(Date.now()),
    ].includes(true);
    if (isLeft) await this.#sweepSoon();
  }

  /** A client's roots changed: the backends that were told of them are told so. */
  #tellRoots(caller: Caller, { connection, capabilities }: Session): void {
    const { gateway } = this.#room.deps;
    const client = { key: connection, capabilities };
    const changed = { jsonrpc: "2.0", method: "notifications/roots/list_changed" } as const;
    for (const { order } of this.#own.of(connection)) {
      // A backend that is not there asks again when it is.
      this.ctx.waitUntil(gateway.notify(caller, { order, client }, changed).catch(() => {}));
    }
  }

  /** A session is over: so are those that its client had with backends. */
  #release({ objects }: Session): void {
    for (const object of objects) {
      this.#own.drop(object);
      const released = this.#backend(object).release();
      this.ctx.waitUntil(released.catch(() => {})); // its own alarm ends it some day
    }
  }

  /** Asked for with every call, and in storage once in a while only. */
  async #sweepSoon(): Promise<void> {
    if (this.#sweepsAt > Date.now()) return;
    this.#sweepsAt = Date.now() + SWEEP_MS;
    if ((await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(this.#sweepsAt);
    }
  }
}

/** A client without a session may watch resources too: it hears of them on its stream. */
const WATCHING: ReadonlySet<string> = new Set(["resources/subscribe", "resources/unsubscribe"]);
