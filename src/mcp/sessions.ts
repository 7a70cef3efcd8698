import type { Caller } from "../auth/caller.ts";
import { canBeAsked } from "../backends/check-question.ts";
import { randomToken } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import type { Scope } from "../gateway/gateway.ts";
import type { CallHop, SessionInfo, SessionOpening, StreamHop, TellHop } from "./caller-stub.ts";
import { passableCapabilities, withoutTasks } from "./client-capabilities.ts";
import { EventLog } from "./event-log.ts";
import { CHANGING_LISTS, type LiveListener } from "./live-listener.ts";
import { LiveSession, type SessionPort } from "./live-session.ts";
import type { LiveUpdates } from "./live-updates.ts";
import { isLogLevel } from "./log-filter.ts";
import { unknownSession } from "./mcp-errors.ts";
import { jsonReply, type Reply } from "./reply.ts";
import { backendOf, type Session, SessionStore } from "./session-store.ts";

export type SessionsDeps = Readonly<{
  updates: LiveUpdates;
  /** Runs a request of a session to its end. */
  run: (
    hop: CallHop,
    port: SessionPort & Readonly<{ onConnected: (object: string) => void }>,
  ) => Promise<Reply>;
  /** The client says that its roots have changed. */
  onRoots: (caller: Caller, session: Session) => void;
  /** Its client's own connections to backends are of no use any more. */
  onEnd: (session: Session) => void;
  now: () => number;
}>;

/**
 * The sessions of one user's legacy clients, kept and live. A client without a session is served as
 * if all like it (same credential, same endpoint) had one together, for what they hear.
 */
export class Sessions {
  readonly #deps: SessionsDeps;
  readonly #store: SessionStore;
  readonly #log: EventLog;
  readonly #live = new Map<string, LiveSession>();
  readonly #listeners = new Map<string, LiveListener>();
  /** As its client was when it last came: other rules may be in force for it than in the beginning. */
  readonly #who = new Map<string, Pick<StreamHop, "caller" | "scope">>();

  constructor(sql: SqlStorage, deps: SessionsDeps) {
    this.#deps = deps;
    this.#store = new SessionStore(sql);
    this.#log = new EventLog(sql, deps.now);
  }

  open(caller: Caller, { scope, protocolVersion, capabilities }: SessionOpening): SessionInfo {
    const passable = withoutTasks(passableCapabilities(capabilities));
    const session: Session = {
      id: randomToken(32),
      credentialId: caller.credentialId,
      backend: backendOf(scope),
      protocolVersion,
      capabilities: passable,
      interactive: canBeAsked(passable),
      connection: `s-${crypto.randomUUID()}`,
      objects: [],
      uris: [],
      ...(caller.mode === undefined ? {} : { mode: caller.mode }),
    };
    for (const old of this.#store.add(session, this.#deps.now())) this.#drop(old);
    return infoOf(session);
  }

  info(caller: Caller, scope: Scope, id: string): SessionInfo | undefined {
    const session = this.#find(caller, scope, id);
    return session === undefined ? undefined : infoOf(session);
  }

  /** False when there is none. */
  end(caller: Caller, scope: Scope, id: string): boolean {
    const session = this.#find(caller, scope, id);
    if (session === undefined) return false;
    this.#store.remove(id);
    this.#drop(session);
    return true;
  }

  async call(hop: CallHop): Promise<Response> {
    const session = this.#require(hop);
    switch (hop.request.method) {
      case "logging/setLevel":
        return this.#setLevel(session, hop);
      case "resources/subscribe":
      case "resources/unsubscribe":
        return this.#watch(session, hop);
      default:
        return this.#liveOf(session, hop).call({
          id: hop.request.id,
          acceptsStream: hop.acceptsStream,
          run: (port) =>
            this.#deps.run(hop, {
              ...port,
              onConnected: (object) => this.#noteObject(session.id, object),
            }),
        });
    }
  }

  tell({ caller, scope, session: id, message }: TellHop): void {
    const session = this.#find(caller, scope, id);
    const live = session === undefined ? undefined : this.#live.get(session.id);
    if (message.kind === "response") return live?.answer(message.response);
    const { method, params } = message.notification;
    const request = params?.["requestId"];
    if (session !== undefined && method === "notifications/roots/list_changed") {
      return this.#deps.onRoots(caller, session);
    }
    if (method !== "notifications/cancelled") return;
    if (typeof request === "string" || typeof request === "number") live?.cancel(request);
  }

  /** The client's GET. */
  async stream(hop: StreamHop): Promise<Response> {
    const session = this.#require(hop);
    const live = this.#liveOf(session, hop);
    const response = live.listen(hop.lastEventId);
    const listener = this.#listeners.get(session.id);
    if (listener === undefined) return response;
    const { updates } = this.#deps;
    try {
      await updates.open(listener);
      await updates.restore(watcherOf(session, hop), session.uris);
    } catch (error) {
      await response.body?.cancel().catch(() => {}); // nobody has seen it yet
      throw error;
    }
    return response;
  }

  /** True when anything is left that will have to be swept. */
  sweep(): boolean {
    for (const session of this.#store.sweep(this.#deps.now())) this.#drop(session);
    return this.#log.sweep() || !this.#store.isEmpty();
  }

  #setLevel(session: Session, { request }: CallHop): Response {
    const level = request.params?.["level"];
    if (!isLogLevel(level)) {
      throw new GatewayError("invalid_params", 'Cannot set the level: "level" is none of RFC 5424');
    }
    this.#update({ ...session, logLevel: level });
    return emptyResult(request);
  }

  async #watch(session: Session, hop: CallHop): Promise<Response> {
    const { request } = hop;
    const uri = request.params?.["uri"];
    if (typeof uri !== "string") {
      throw new GatewayError("invalid_params", 'Cannot subscribe: "uri" is missing');
    }
    const { updates } = this.#deps;
    const others = session.uris.filter((one) => one !== uri);
    if (request.method === "resources/subscribe") {
      await updates.subscribe(watcherOf(session, hop), uri);
      this.#update({ ...session, uris: [...others, uri] });
    } else {
      await updates.unsubscribe(session.id, uri);
      this.#update({ ...session, uris: others });
    }
    return emptyResult(request);
  }

  #require(hop: Pick<StreamHop, "caller" | "scope" | "session">): Session {
    const { caller, scope, session: id } = hop;
    if (id === undefined) return this.#common(caller, scope);
    const session = this.#find(caller, scope, id);
    if (session === undefined) throw unknownSession();
    return session;
  }

  #find(caller: Caller, scope: Scope, id: string): Session | undefined {
    const session = this.#store.find(id, this.#deps.now());
    if (session === undefined || session.credentialId !== caller.credentialId) return undefined;
    return session.backend === backendOf(scope) ? session : undefined;
  }

  /** Never stored: what its clients watch is forgotten with the object, as they forget a session. */
  #common({ credentialId, mode }: Caller, scope: Scope): Session {
    const lists = mode === undefined ? [] : [mode];
    const id = `common-${JSON.stringify([credentialId, backendOf(scope), ...lists])}`;
    return (
      this.#live.get(id)?.session ?? {
        id,
        credentialId,
        backend: backendOf(scope),
        protocolVersion: "2025-03-26",
        capabilities: {},
        interactive: false,
        connection: id,
        objects: [],
        uris: [],
      }
    );
  }

  #liveOf(session: Session, { caller, scope }: Pick<StreamHop, "caller" | "scope">): LiveSession {
    this.#who.set(session.id, { caller, scope });
    const known = this.#live.get(session.id);
    if (known !== undefined) return known;
    const live: LiveSession = new LiveSession(session, this.#log, (isOpen) =>
      this.#noteStanding(live, isOpen),
    );
    this.#live.set(session.id, live);
    return live;
  }

  #noteStanding(live: LiveSession, isOpen: boolean): void {
    const key = live.session.id;
    const who = isOpen ? this.#who.get(key) : undefined;
    const listener = this.#listeners.get(key);
    if (who !== undefined && listener?.caller.policyId === who.caller.policyId) return;
    if (listener !== undefined) {
      this.#listeners.delete(key);
      this.#deps.updates.close(listener);
    }
    if (who === undefined) return;
    this.#listeners.set(key, {
      key,
      ...who,
      lists: new Set(CHANGING_LISTS),
      deliver: (notification) => live.deliver(notification),
    });
  }

  /** Told with every call; written once for each backend. */
  #noteObject(id: string, object: string): void {
    const session = this.#live.get(id)?.session;
    if (session === undefined || session.objects.includes(object)) return;
    this.#update({ ...session, objects: [...session.objects, object] });
  }

  #update(session: Session): void {
    this.#store.update(session);
    const live = this.#live.get(session.id);
    if (live !== undefined) live.session = session;
  }

  #drop(session: Session): void {
    this.#live.get(session.id)?.end();
    this.#live.delete(session.id);
    this.#who.delete(session.id);
    this.#log.forget(session.id);
    this.#deps.updates.forget(session.id);
    this.#deps.onEnd(session);
  }
}

function watcherOf({ id }: Session, { caller, scope }: Pick<StreamHop, "caller" | "scope">) {
  return { key: id, caller, scope };
}

function infoOf({ id, interactive, logLevel, mode }: Session): SessionInfo {
  return { id, interactive, logLevel, mode };
}

function emptyResult({ id }: CallHop["request"]): Response {
  return jsonReply({ text: JSON.stringify({ jsonrpc: "2.0", id, result: {} }), status: 200 });
}
