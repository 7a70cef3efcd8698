import { DurableObject } from "cloudflare:workers";
import type { Caller } from "../auth/caller.ts";
import { randomToken } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { capture, type Outcome } from "../core/outcome.ts";
import { afterTimeout } from "../core/patience.ts";
import type { CallContext, Scope } from "../gateway/gateway.ts";
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
import { dispatch } from "./dispatch.ts";
import { EventLog } from "./event-log.ts";
import { HeldCalls } from "./held-calls.ts";
import { LiveSession } from "./live-session.ts";
import { isLogLevel } from "./log-filter.ts";
import { failureReply, unknownSession } from "./mcp-errors.ts";
import { jsonReply } from "./reply.ts";
import { runHeldCall } from "./run-held-call.ts";
import { backendOf, type Session, SessionStore } from "./session-store.ts";

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

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sessions = new SessionStore(ctx.storage.sql);
    this.#log = new EventLog(ctx.storage.sql, Date.now);
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
      if (hop.session === undefined) {
        return await runHeldCall(this.deps(), this.#held, hop, (work) => this.ctx.waitUntil(work));
      }
      const session = this.#find(hop.caller, hop.scope, hop.session);
      if (session === undefined) throw unknownSession();
      return await this.#callInSession(session, hop);
    } catch (error) {
      return jsonReply(failureReply(hop.request.id, error));
    }
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
    const isLeft = this.#log.sweep();
    if (isLeft || !this.#sessions.isEmpty()) await this.#sweepSoon();
  }

  #callInSession(session: Session, hop: CallHop): Promise<Response> {
    const { caller, scope, era, request, acceptsStream } = hop;
    if (request.method === "logging/setLevel") return this.#setLevel(session, hop);
    return this.#liveOf(session).call({
      id: request.id,
      acceptsStream,
      run: ({ client, notify, signal }) =>
        dispatch(this.deps(), {
          caller,
          scope,
          era,
          request,
          headers: new Headers(hop.headers),
          notify,
          client,
          context: this.#context(hop, signal),
        }),
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

  #context({ requestId }: CallHop, signal: CallContext["signal"]): CallContext {
    return {
      requestId,
      signal,
      after: afterTimeout,
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
