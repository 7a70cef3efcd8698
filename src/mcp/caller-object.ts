import { DurableObject } from "cloudflare:workers";
import type { Caller } from "../auth/caller.ts";
import { randomToken } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { capture, type Outcome } from "../core/outcome.ts";
import type { Scope } from "../gateway/gateway.ts";
import type { KeptAsk, KeptState } from "../gateway/house-tool.ts";
import { answerTask } from "./answer-task.ts";
import type { DispatchDeps } from "./call.ts";
import type {
  CallerStub,
  CallHop,
  SessionInfo,
  SessionOpening,
  StreamHop,
  TellHop,
} from "./caller-stub.ts";
import { canBeAsked } from "../backends/check-question.ts";
import { passableCapabilities } from "./client-capabilities.ts";
import { DetachedCalls } from "./detached-calls.ts";
import { EventLog } from "./event-log.ts";
import { HeldCalls } from "./held-calls.ts";
import { LiveSession } from "./live-session.ts";
import { isLogLevel } from "./log-filter.ts";
import { failureReply, unknownSession } from "./mcp-errors.ts";
import { jsonReply } from "./reply.ts";
import { runHeldCall, type HeldRoom } from "./run-held-call.ts";
import { runSessionCall } from "./run-session-call.ts";
import { backendOf, type Session, SessionStore } from "./session-store.ts";
import { isTaskMethod } from "./task-wire.ts";

/** How often what is too old is removed, while there is anything. */
const SWEEP_MS = 60 * 60 * 1_000;

/**
 * Keeps what is live for one user: sessions of legacy clients with their streams, calls that wait
 * for answers, and who hears of what. One object per user id, so that whatever belongs to somebody
 * else is simply not here. Assume eviction between any two requests: sessions and the events of
 * their streams are in storage, calls under way are lost and said to be.
 */
export abstract class CallerObjectBase<Env> extends DurableObject<Env> implements CallerStub {
  readonly #sessions: SessionStore;
  readonly #log: EventLog;
  readonly #live = new Map<string, LiveSession>();
  readonly #held = new HeldCalls();
  readonly #detached: DetachedCalls;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sessions = new SessionStore(ctx.storage.sql);
    this.#log = new EventLog(ctx.storage.sql, Date.now);
    this.#detached = new DetachedCalls(ctx.storage.sql);
  }

  /** The gateway as the composition root puts it together. */
  protected abstract deps(): DispatchDeps;

  openSession(caller: Caller, opening: SessionOpening): Promise<Outcome<SessionInfo>> {
    return capture(async () => {
      const capabilities = passableCapabilities(opening.capabilities);
      const session: Session = {
        id: randomToken(32),
        credentialId: caller.credentialId,
        backend: backendOf(opening.scope),
        protocolVersion: opening.protocolVersion,
        capabilities,
        interactive: canBeAsked(capabilities),
        connection: `s-${crypto.randomUUID()}`,
        uris: [],
      };
      for (const old of this.#sessions.add(session, Date.now())) this.#drop(old);
      await this.#sweepSoon();
      return infoOf(session);
    });
  }

  async findSession(caller: Caller, scope: Scope, id: string): Promise<SessionInfo | undefined> {
    const session = this.#find(caller, scope, id);
    return session === undefined ? undefined : infoOf(session);
  }

  async endSession(caller: Caller, scope: Scope, id: string): Promise<boolean> {
    const session = this.#find(caller, scope, id);
    if (session === undefined) return false;
    this.#sessions.remove(id);
    this.#drop(session);
    return true;
  }

  async call(hop: CallHop): Promise<Response> {
    try {
      if (isTaskMethod(hop.request.method)) return jsonReply(answerTask(this.#detached, hop));
      if (hop.session === undefined) {
        return await runHeldCall(this.#room(), hop);
      }
      const session = this.#find(hop.caller, hop.scope, hop.session);
      if (session === undefined) throw unknownSession();
      return await this.#callInSession(session, hop);
    } catch (error) {
      return jsonReply(failureReply(hop.request.id, error));
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

  async tell({ caller, scope, session: id, message }: TellHop): Promise<void> {
    const session = this.#find(caller, scope, id);
    const live = session === undefined ? undefined : this.#live.get(session.id);
    if (live === undefined) return;
    if (message.kind === "response") return live.answer(message.response);
    const { method, params } = message.notification;
    if (method !== "notifications/cancelled") return;
    const request = params?.["requestId"];
    if (typeof request === "string" || typeof request === "number") live.cancel(request);
  }

  async stream({ caller, scope, session: id, lastEventId }: StreamHop): Promise<Response> {
    const session = id === undefined ? undefined : this.#find(caller, scope, id);
    if (session === undefined) return jsonReply(failureReply(null, unknownSession()));
    return this.#liveOf(session).listen(lastEventId);
  }

  async heard(): Promise<JsonObject | undefined> {
    return undefined;
  }

  override async alarm(): Promise<void> {
    for (const session of this.#sessions.sweep(Date.now())) this.#drop(session);
    const isLeft = [this.#log.sweep(), this.#detached.sweep()].includes(true);
    if (isLeft || !this.#sessions.isEmpty()) await this.#sweepSoon();
  }

  #callInSession(session: Session, hop: CallHop): Promise<Response> {
    const { request, acceptsStream } = hop;
    if (request.method === "logging/setLevel") return this.#setLevel(session, hop);
    return this.#liveOf(session).call({
      id: request.id,
      acceptsStream,
      run: (port) => runSessionCall(this.#room(), hop, port),
    });
  }

  async #setLevel(session: Session, { request }: CallHop): Promise<Response> {
    const level = request.params?.["level"];
    if (!isLogLevel(level)) {
      throw new GatewayError(
        "invalid_params",
        'Cannot set the log level: "level" is not a level of RFC 5424',
      );
    }
    this.#update({ ...session, logLevel: level });
    return jsonReply({
      text: JSON.stringify({ jsonrpc: "2.0", id: request.id, result: {} }),
      status: 200,
    });
  }

  #room(): HeldRoom {
    return {
      deps: this.deps(),
      calls: this.#held,
      detached: this.#detached,
      waitUntil: (work) => this.ctx.waitUntil(work),
    };
  }

  #find(caller: Caller, scope: Scope, id: string): Session | undefined {
    const session = this.#sessions.find(id, Date.now());
    if (session === undefined || session.credentialId !== caller.credentialId) return undefined;
    return session.backend === backendOf(scope) ? session : undefined;
  }

  #liveOf(session: Session): LiveSession {
    const known = this.#live.get(session.id);
    if (known !== undefined) return known;
    const live = new LiveSession(session, this.#log, () => {});
    this.#live.set(session.id, live);
    return live;
  }

  #update(session: Session): void {
    this.#sessions.update(session);
    const live = this.#live.get(session.id);
    if (live !== undefined) live.session = session;
  }

  #drop({ id }: Session): void {
    this.#live.get(id)?.end();
    this.#live.delete(id);
    this.#log.forget(id);
  }

  async #sweepSoon(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) !== null) return;
    await this.ctx.storage.setAlarm(Date.now() + SWEEP_MS);
  }
}

function infoOf({ id, interactive, logLevel }: Session): SessionInfo {
  return { id, interactive, logLevel };
}
