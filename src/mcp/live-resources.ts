import type { Caller } from "../auth/caller.ts";
import { objectName, roleOf } from "../backends/lease-source.ts";
import { GatewayError } from "../core/errors.ts";
import { coversResource, resourceUpdated } from "../core/change-notices.ts";
import { Paced } from "../core/paced.ts";
import type { After } from "../core/patience.ts";
import type { LiveBackend, ResourceOwner, Scope } from "../gateway/gateway.ts";
import type { Attendances, Wanted } from "./attendances.ts";
import type { LiveListener } from "./live-listener.ts";

/** Resources one session or subscription may watch; each is kept by its backend as well. */
const MAX_WATCHED = 100;
/** All of one user together. */
const MAX_WATCHED_BY_USER = 1_000;

/** A session, or the clients without one that share a credential and an endpoint. */
export type Watcher = Readonly<{ key: string; caller: Caller; scope: Scope }>;

export type LiveResourcesDeps = Readonly<{
  /** As `Gateway.resourceOwner`. */
  owner: (caller: Caller, scope: Scope, uri: string) => Promise<ResourceOwner | undefined>;
  attendances: Pick<Attendances, "want">;
  after: After;
}>;

/** Where a watched resource is; undefined while its backend is not there for the caller. */
type Place = Wanted & Readonly<{ ownUri: string }>;
/** `due`: what of it has changed since the client was last told. */
type Watched = { place: Place | undefined; due: string | undefined };
type Watching = {
  watcher: Watcher;
  readonly uris: Map<string, Watched>;
  /** Streams that hear of it; the newest is told, so that a session hears once. */
  readonly listeners: Set<LiveListener>;
  readonly paced: Paced<string>;
};

/**
 * Who watches which resources, and where. The backends' objects are attended only while there is a
 * stream to tell: a session without one keeps what it watches and begins again with the next.
 */
export class LiveResources {
  readonly #deps: LiveResourcesDeps;
  readonly #watching = new Map<string, Watching>();

  constructor(deps: LiveResourcesDeps) {
    this.#deps = deps;
  }

  /** Throws `not_found` as reading does, and `invalid_params` for what is never told of. */
  async watch(watcher: Watcher, uri: string): Promise<void> {
    const place = await this.#find(watcher, uri);
    if (place === undefined) {
      throw new GatewayError(
        "invalid_params",
        "Cannot subscribe: the backend of this resource does not tell of its changes",
      );
    }
    const watching = this.#of(watcher);
    if (!watching.uris.has(uri)) this.#requireRoom(watching);
    watching.uris.set(uri, { place, due: undefined });
    await this.#attend(watching);
  }

  async unwatch(key: string, uri: string): Promise<void> {
    const watching = this.#watching.get(key);
    if (watching?.uris.delete(uri) !== true) return;
    await this.#attend(watching);
    this.#forgetEmpty(watching);
  }

  /** Watches those of `uris` that can be; answers which. */
  async restore(watcher: Watcher, uris: readonly string[]): Promise<readonly string[]> {
    const watched: string[] = [];
    const watching = this.#of(watcher);
    for (const uri of new Set(uris)) {
      if (watching.uris.size >= MAX_WATCHED || this.#count() >= MAX_WATCHED_BY_USER) break;
      const place = await this.#find(watcher, uri).catch(ignoreNotFound);
      if (place === undefined) continue;
      watching.uris.set(uri, { place, due: undefined });
      watched.push(uri);
    }
    await this.#attend(watching);
    this.#forgetEmpty(watching);
    return watched;
  }

  /** A stream opens. Settles when what its key watches is attended. */
  async open(listener: LiveListener): Promise<void> {
    const watching = this.#of(listener);
    const { key, caller, scope } = listener;
    const before = watching.watcher.caller.policyId;
    watching.watcher = { key, caller, scope };
    watching.listeners.add(listener);
    // The rights it was watched with may be gone.
    await (before === caller.policyId ? this.#attend(watching) : this.#findAgain(watching));
  }

  async close(listener: LiveListener): Promise<void> {
    const watching = this.#watching.get(listener.key);
    if (watching?.listeners.delete(listener) !== true) return;
    await this.#attend(watching);
    this.#forgetEmpty(watching);
  }

  /** The session is over. */
  async forget(key: string): Promise<void> {
    const watching = this.#watching.get(key);
    if (watching === undefined) return;
    watching.uris.clear();
    watching.listeners.clear();
    await this.#attend(watching);
    this.#forgetEmpty(watching);
  }

  /** Backends come and go, and so do rights: everything is looked for again. */
  async refresh(): Promise<void> {
    for (const watching of this.#watching.values()) await this.#findAgain(watching);
  }

  async #findAgain(watching: Watching): Promise<void> {
    for (const [uri, watched] of watching.uris) {
      watched.place = await this.#find(watching.watcher, uri).catch(ignoreNotFound);
    }
    await this.#attend(watching);
  }

  /** `notifications/resources/updated` from an object of a backend. */
  updated(object: string, uri: string): void {
    for (const watching of this.#watching.values()) {
      for (const [exposed, watched] of watching.uris) {
        const { place } = watched;
        if (place?.object !== object || !coversResource(place.ownUri, uri)) continue;
        const changed = exposed + uri.slice(place.ownUri.length);
        // Two parts of one resource within a second: all of it has changed.
        watched.due = (watched.due ?? changed) === changed ? changed : exposed;
        watching.paced.hit(exposed);
      }
    }
  }

  #deliver(watching: Watching, uri: string): void {
    const watched = watching.uris.get(uri);
    const listener = [...watching.listeners].at(-1);
    if (watched?.place === undefined || listener === undefined) return;
    const changed = watched.due ?? uri;
    watched.due = undefined;
    listener.deliver(resourceUpdated(changed));
  }

  async #find({ caller, scope }: Watcher, uri: string): Promise<Place | undefined> {
    const owner = await this.#deps.owner(caller, scope, uri);
    if (owner === undefined) return undefined;
    const { uri: ownUri, ...backend } = owner;
    return { ...placeOf(caller, backend), uris: [ownUri], ownUri };
  }

  #attend({ watcher, uris, listeners }: Watching): Promise<void> {
    const wanted = new Map<string, Wanted>();
    for (const { place } of listeners.size > 0 ? uris.values() : []) {
      if (place === undefined) continue;
      const { ownUri, ...here } = place;
      const others = wanted.get(place.object)?.uris ?? [];
      wanted.set(place.object, { ...here, uris: [...others, ownUri] });
    }
    return this.#deps.attendances.want(`resources ${watcher.key}`, [...wanted.values()]);
  }

  #of({ key, caller, scope }: Watcher): Watching {
    const known = this.#watching.get(key);
    if (known !== undefined) return known;
    const watching: Watching = {
      watcher: { key, caller, scope },
      uris: new Map(),
      listeners: new Set(),
      paced: new Paced(this.#deps.after, (uri) => this.#deliver(watching, uri)),
    };
    this.#watching.set(key, watching);
    return watching;
  }

  #forgetEmpty({ watcher, uris, listeners, paced }: Watching): void {
    if (listeners.size === 0) paced.stop();
    if (uris.size === 0 && listeners.size === 0) this.#watching.delete(watcher.key);
  }

  #requireRoom(watching: Watching): void {
    if (this.#count() >= MAX_WATCHED_BY_USER) this.#forgetUnheard(watching);
    if (watching.uris.size < MAX_WATCHED && this.#count() < MAX_WATCHED_BY_USER) return;
    throw new GatewayError(
      "rate_limited",
      `Cannot subscribe: ${watching.uris.size} resources are subscribed to, at most ${MAX_WATCHED} for one client and ${MAX_WATCHED_BY_USER} for one user`,
    );
  }

  /** Clients without a session never say that they have gone: the oldest without a stream. */
  #forgetUnheard(except: Watching): void {
    for (const [key, watching] of this.#watching) {
      if (watching === except || watching.listeners.size > 0) continue;
      this.#watching.delete(key);
      return;
    }
  }

  #count(): number {
    let count = 0;
    for (const { uris } of this.#watching.values()) count += uris.size;
    return count;
  }
}

/** The object that hears what this backend tells this caller. */
function placeOf(caller: Caller, { order, sessionful, account }: LiveBackend): Wanted {
  const holder = { userId: caller.userId, account, sessionful };
  const object = objectName(order, holder);
  const role = roleOf(order, object, holder);
  return { object, order, role, uris: [], messages: false };
}

/** Not there, or not for this caller: nothing to hear of. */
export function ignoreNotFound(error: unknown): undefined {
  if (error instanceof GatewayError && error.code === "not_found") return undefined;
  throw error;
}
