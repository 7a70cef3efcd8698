import type { Caller } from "../auth/caller.ts";
import { objectName, roleOf } from "../backends/lease-source.ts";
import { isChangeNotice, updatedUri } from "../core/change-notices.ts";
import { GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { RequestId } from "../core/json-rpc.ts";
import { latestRun } from "../core/latest-run.ts";
import type { After } from "../core/patience.ts";
import type { CallContext, Gateway, Scope } from "../gateway/gateway.ts";
import { viewKey } from "../gateway/view.ts";
import { Attendances, type Attended, type Wanted } from "./attendances.ts";
import {
  acknowledgement,
  listenResult,
  parseListenFilter,
  withSubscription,
} from "./listen-filter.ts";
import type { LiveListener } from "./live-listener.ts";
import { LiveLists } from "./live-lists.ts";
import { ignoreNotFound, LiveResources, type Watcher } from "./live-resources.ts";

/** How long a stream waits for slow backends before it begins without them. */
const IN_PLACE_MS = 1_500;
/** Streams of one user that hear of changes. */
const MAX_LISTENERS = 500;

export type LiveUpdatesDeps = Readonly<{
  /** The name of the object this is in. */
  name: string;
  gateway: Pick<Gateway, "fingerprint" | "resourceOwner" | "announcers">;
  /** For work that belongs to no request. */
  context: () => CallContext;
  /** As `Registry.watch`; what the gateway sees afterwards is at least as new. */
  watch: (change: number) => Promise<number>;
  backend: (object: string) => Attended;
  after: After;
  now: () => number;
}>;

/** A `subscriptions/listen` of a modern client. */
export type Listening = Readonly<{
  caller: Caller;
  scope: Scope;
  id: RequestId;
  params: JsonObject | undefined;
  /** Takes one message of the stream. */
  send: (message: JsonObject) => void;
  /** Ends the stream after what was sent. */
  close: () => void;
}>;

/**
 * Everything that clients of one user hear without having asked just now: changed lists and updated
 * resources, for streams of both eras. Nothing runs here while nobody listens.
 */
export class LiveUpdates {
  readonly #deps: LiveUpdatesDeps;
  readonly #lists: LiveLists;
  readonly #resources: LiveResources;
  readonly #attendances: Attendances;
  readonly #listeners = new Set<LiveListener>();
  // What goes wrong leaves things as they are until the next change.
  readonly #attendLists = latestRun(() => this.#findAnnouncers().catch(() => {}));
  readonly #refresh = latestRun(() => this.#resources.refresh().catch(() => {}));
  #listsAttended: Promise<void> = Promise.resolve();

  constructor(deps: LiveUpdatesDeps) {
    const { gateway, context, watch, after, now } = deps;
    this.#deps = deps;
    this.#attendances = new Attendances({ listener: deps.name, backend: deps.backend, after });
    this.#resources = new LiveResources({
      owner: (caller, scope, uri) => gateway.resourceOwner(caller, scope, uri, context()),
      attendances: this.#attendances,
      after,
    });
    this.#lists = new LiveLists({
      watch,
      fingerprint: (caller, scope) => gateway.fingerprint(caller, scope, context()),
      onChange: () => {
        void this.#refresh();
        void this.#attendLists();
      },
      after,
      now,
    });
  }

  /**
   * A stream begins to hear, or goes on. Settles when nothing that changes from then on is missed; a
   * backend that hangs is not waited for. Throws `rate_limited`.
   */
  async open(listener: LiveListener): Promise<void> {
    if (this.#listeners.has(listener)) return;
    if (this.#listeners.size >= MAX_LISTENERS) {
      throw new GatewayError(
        "rate_limited",
        `Cannot listen: ${MAX_LISTENERS} streams are open, which is the most one user may have`,
      );
    }
    this.#listeners.add(listener);
    await this.#soon(
      Promise.all([
        this.#lists.add(listener),
        this.#resources.open(listener),
        this.#attendLists().then(() => this.#listsAttended),
      ]),
    );
  }

  /** The stream is over, or its client is gone. */
  close(listener: LiveListener): void {
    if (!this.#listeners.delete(listener)) return;
    this.#lists.remove(listener);
    void this.#resources.close(listener);
    void this.#attendLists();
  }

  /** `resources/subscribe`. Throws `not_found`, `invalid_params` and `rate_limited`. */
  async subscribe(watcher: Watcher, uri: string): Promise<void> {
    await this.#soon(this.#resources.watch(watcher, uri));
  }

  /** `resources/unsubscribe`; what was never subscribed to is no mistake. */
  async unsubscribe(key: string, uri: string): Promise<void> {
    await this.#soon(this.#resources.unwatch(key, uri));
  }

  /** What a session subscribed to before this object was restarted. */
  async restore(watcher: Watcher, uris: readonly string[]): Promise<void> {
    await this.#soon(this.#resources.restore(watcher, uris));
  }

  /** What else of the backends is to be heard here, by who wants it; settles when it is in place. */
  attend(who: string, wanted: readonly Wanted[]): Promise<void> {
    return this.#soon(this.#attendances.want(who, wanted));
  }

  /** The session is over. */
  forget(key: string): void {
    void this.#resources.forget(key);
  }

  /**
   * Serves a modern subscription on its stream: first what of it is kept, then what happens. Answers
   * how to end it when the stream is over. Throws before anything is sent.
   */
  async listen({ caller, scope, id, params, send, close }: Listening): Promise<() => void> {
    const asked = parseListenFilter(params);
    const key = crypto.randomUUID();
    // Unknown endpoints are refused here, in the words of every other method.
    await this.#deps.gateway.fingerprint(caller, scope, this.#deps.context());
    const uris = await this.#resources.restore({ key, caller, scope }, asked.uris);
    const kept = { lists: asked.lists, uris };
    if (kept.lists.size + uris.length === 0) {
      send(acknowledgement(kept, id));
      send(listenResult(id));
      close();
      return () => {};
    }
    const early: JsonObject[] = [];
    let deliver = (message: JsonObject): void => void early.push(message);
    const listener: LiveListener = {
      key,
      caller,
      scope,
      lists: kept.lists,
      deliver: (notification) => deliver(withSubscription(notification, id)),
    };
    const stop = (): void => {
      this.close(listener);
      this.forget(key);
    };
    try {
      await this.open(listener);
    } catch (error) {
      stop();
      throw error;
    }
    for (const message of [acknowledgement(kept, id), ...early]) send(message);
    deliver = send;
    return stop;
  }

  /** What an object of a backend tells of changes; true when it was that. */
  heard(object: string, message: JsonObject): boolean {
    const uri = updatedUri(message);
    if (uri !== undefined) this.#resources.updated(object, uri);
    // The lists themselves are compared when the registry has them.
    return typeof message["method"] === "string" && isChangeNotice(message["method"]);
  }

  /** The shared objects of all backends that would say that a list somebody here sees has changed. */
  async #findAnnouncers(): Promise<void> {
    const { gateway, context } = this.#deps;
    const asked = new Map(
      [...this.#listeners].map(
        ({ caller, scope }) => [viewKey(caller.policyId, scope), { caller, scope }] as const,
      ),
    );
    const wanted = new Map<string, Wanted>();
    for (const { caller, scope } of asked.values()) {
      const found = await gateway.announcers(caller, scope, context()).catch(ignoreNotFound);
      for (const { order, account } of found ?? []) {
        // The lists of a session are those of everybody: the shared object hears of them.
        const holder = { userId: caller.userId, account, sessionful: false };
        const object = objectName(order, holder);
        const role = roleOf(order, object, holder);
        wanted.set(object, { object, order, role, uris: [], messages: false });
      }
    }
    this.#listsAttended = this.#attendances.want("lists", [...wanted.values()]);
  }

  /** A slow backend is waited for no longer; what goes wrong by then is the caller's to hear. */
  #soon(work: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      const callOff = this.#deps.after(IN_PLACE_MS, resolve);
      const settle = (): void => {
        callOff();
        resolve();
      };
      work.then(settle, (error: unknown) => {
        callOff();
        reject(error instanceof Error ? error : new TypeError(String(error)));
      });
    });
  }
}
