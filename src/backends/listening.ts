import { GiveUp } from "../core/call-signal.ts";
import { GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { latestRun } from "../core/latest-run.ts";
import type { After } from "../core/patience.ts";
import { within } from "../core/within.ts";
import type { Wanted } from "./attendance-book.ts";
import { type Lease, LeaseLost } from "./lease.ts";
import { canSubscribe, listenFilter, listenRequest } from "./listen-request.ts";
import { type ListenStream, openListenStream, type StreamEnd } from "./listen-stream.ts";
import { RefusedUris } from "./refused-uris.ts";
import { ResourceSubscriptions, type SubscriptionMethod } from "./resource-subscriptions.ts";
import { retryDelayMs } from "./retry-times.ts";
import { fetchUnder, type SendIo, sendRequest } from "./send.ts";

/** A backend without a stream will hardly get one while it runs. */
const NO_STREAM_MS = 5 * 60_000;
/** A backend that never says that a stream is open is listened to all the same. */
const OPEN_WAIT_MS = 1_500;
/** A stream that stayed open for so long was no failure. */
const STEADY_MS = 10_000;
/** One that ended sooner had nothing to say: after it nothing was missed. */
const SPOKE_MS = 1_000;
/** What one `retry:` may ask for. */
const MAX_RETRY_MS = 10_000;

export type ListeningDeps = Readonly<{
  /** What is wanted now; undefined: nothing is to be open. */
  wanted: () => Wanted | undefined;
  /** Connects when needed. */
  connect: () => Promise<Readonly<{ lease: Lease; capabilities: JsonObject }>>;
  /** The session of this lease is over. */
  onLost: (lease: Lease) => void;
  onMessage: (message: JsonObject, lease: Lease) => void;
  /** Listening goes on after a break that the backend may have spoken in. */
  onGap: () => void;
  io: Pick<SendIo, "fetch" | "object" | "waitUntil">;
  after: After;
  now: () => number;
}>;

type Open = {
  readonly stream: ListenStream;
  readonly lease: Lease;
  readonly ask: StreamAsk;
  /** Where in an earlier stream it goes on. */
  readonly lastEventId: string | undefined;
  /** Undefined until the backend listens. */
  since: number | undefined;
};

type StreamAsk = Readonly<{
  filter: JsonObject;
  uris: readonly string[];
  /** Asked for before `initialized`: that this is refused says nothing about later. */
  isEarly: boolean;
}>;

/**
 * Keeps one listening stream to the backend open while it is wanted: brought about by `sync`, which
 * compares what is with what should be, and comes again by itself when something is due.
 */
export class Listening {
  readonly #deps: ListeningDeps;
  readonly #subscriptions = new ResourceSubscriptions();
  readonly #refused = new RefusedUris();
  #open: Open | undefined;
  /** The session that was last listened to, and since when. */
  #lease: Lease | undefined;
  #leaseSince = 0;
  /** What the next stream of the same session goes on after (2025-11-25, basic/transports). */
  #lastEventId: string | undefined;
  /** Something may have been said while nobody heard it. */
  #hasMissed = false;
  #failures = 0;
  /** Nothing is tried before, epoch ms. */
  #notBefore = 0;
  /** It said that it has no stream, epoch ms. */
  #noStreamUntil = 0;
  #callOff: () => void = () => {};
  /** Settles when everything wanted by now is in place or was tried once. */
  readonly sync = latestRun(() => this.#bringAbout());

  constructor(deps: ListeningDeps) {
    this.#deps = deps;
  }

  /** The object was away: its streams with it. */
  goOn(): Promise<void> {
    this.#hasMissed = true;
    return this.sync();
  }

  /**
   * A legacy session is about to be told `initialized`: what its backend says at once has to be heard.
   * Some open no stream before that: they are asked again when the session has begun.
   */
  async beginEarly(lease: Lease): Promise<void> {
    if (this.#deps.wanted() === undefined || this.#noStreamUntil > this.#deps.now()) return;
    this.#notBefore = 0; // whatever went wrong before, now the backend is there
    this.#lastEventId = undefined;
    await this.#ensureStream(lease, { filter: {}, uris: [], isEarly: true });
  }

  /** The connection has ended, which was the stream as well (HTTP+SSE): it is made anew, in time. */
  async breakOff(): Promise<void> {
    if (this.#deps.wanted() === undefined) return;
    this.#backOff(this.#deps.now() - this.#leaseSince > STEADY_MS, 0);
    await this.sync();
  }

  /** The backend is another one now: nothing of before counts. */
  reset(): void {
    this.#close();
    this.#subscriptions.forget();
    this.#refused.forget();
    this.#lease = undefined;
    this.#hasMissed = false;
    this.#failures = 0;
    this.#notBefore = 0;
    this.#noStreamUntil = 0;
    this.#callOff();
  }

  async #bringAbout(): Promise<void> {
    this.#callOff();
    const wanted = this.#deps.wanted();
    if (wanted === undefined) return this.#stop();
    if (this.#due() === undefined) {
      await this.#listen(wanted).catch((error) => this.#onFailure(error));
    }
    this.#wake(Math.min(this.#due() ?? Infinity, this.#deps.wanted()?.until ?? 0));
  }

  /** When something is to be tried next; undefined: at any time. */
  #due(): number | undefined {
    const due = Math.max(this.#notBefore, this.#noStreamUntil);
    return due > this.#deps.now() ? due : undefined;
  }

  async #listen(wanted: Wanted): Promise<void> {
    const { lease, capabilities } = await this.#deps.connect();
    if (this.#lease?.revision !== lease.revision) this.#turnTo(lease);
    const isModern = lease.era === "modern";
    const subscribable = canSubscribe(capabilities) ? wanted.uris : [];
    const uris = isModern ? this.#refused.without(subscribable, this.#deps.now()) : [];
    const filter = isModern ? listenFilter(capabilities, uris) : {};
    const isOpen = await this.#ensureStream(lease, { filter, uris, isEarly: false });
    const watched = isModern ? [] : subscribable;
    await this.#subscriptions.sync(lease.revision, watched, (method, uri) =>
      this.#tell(lease, method, uri),
    );
    if (!this.#hasMissed || !isOpen) return;
    this.#hasMissed = false;
    this.#deps.onGap();
  }

  #turnTo(lease: Lease): void {
    this.#hasMissed ||= this.#lease !== undefined;
    this.#lastEventId = undefined;
    this.#lease = lease;
    this.#leaseSince = this.#deps.now();
  }

  /** False when what was to be opened is not there. */
  async #ensureStream(lease: Lease, ask: StreamAsk): Promise<boolean> {
    const before = this.#open;
    if (before?.lease.revision === lease.revision && isSame(before.ask, ask)) return true;
    const lastEventId = this.#lastEventId;
    const request = listenRequest(lease, ask.filter, lastEventId);
    if (request === undefined) {
      this.#close();
      return true;
    }
    // A legacy session has one such stream; a modern one may overlap, so that nothing is missed.
    if (lease.era === "legacy") before?.stream.close();
    const { after, io, onMessage } = this.#deps;
    const stream = openListenStream(lease, request, {
      fetch: fetchUnder(lease, io),
      after,
      onMessage: (message) => onMessage(message, lease),
      probe: async () => void (await this.#request(lease, "ping")),
    });
    const open: Open = { stream, lease, ask, lastEventId, since: undefined };
    this.#open = open;
    io.waitUntil(this.#awaitEnd(open));
    const isRefused = (await within(OPEN_WAIT_MS, this.#awaitOpen(open), after)) === false;
    before?.stream.close();
    return !isRefused;
  }

  async #awaitOpen(open: Open): Promise<boolean> {
    const isOpen = await open.stream.opened;
    if (!isOpen) return false;
    open.since = this.#deps.now();
    this.#refused.take(open.ask.uris);
    return true;
  }

  async #awaitEnd(open: Open): Promise<void> {
    const end = await open.stream.ended;
    if (this.#open !== open) return; // closed by us, or replaced
    this.#open = undefined;
    if (open.ask.isEarly && open.since === undefined) return this.sync();
    if (end.kind === "refused") this.#onRefused(open);
    else if (end.kind === "closed") this.#onEnded(open, end);
    else {
      this.#deps.onLost(open.lease);
      this.#backOff(false, 0);
    }
    await this.sync();
  }

  #onEnded({ since, lease }: Open, end: Extract<StreamEnd, { kind: "closed" }>): void {
    const now = this.#deps.now();
    const lasted = since === undefined ? 0 : now - since;
    this.#backOff(lasted > STEADY_MS, Math.min(end.retryMs ?? 0, MAX_RETRY_MS));
    if (lease.era === "legacy") this.#lastEventId = end.lastEventId ?? this.#lastEventId;
    this.#hasMissed ||= lasted > SPOKE_MS && this.#lastEventId === undefined;
  }

  #onRefused({ ask, lastEventId }: Open): void {
    const later = this.#deps.now() + NO_STREAM_MS;
    if (lastEventId !== undefined) {
      // It no longer has what came after that event.
      this.#lastEventId = undefined;
      this.#hasMissed = true;
      this.#backOff(false, 0);
    } else if (this.#refused.refuse(ask.uris, later)) this.#hasMissed = true;
    else this.#noStreamUntil = later;
  }

  #onFailure(error: unknown): void {
    if (error instanceof LeaseLost && this.#lease !== undefined) this.#deps.onLost(this.#lease);
    else if (!(error instanceof GatewayError)) throw error;
    this.#backOff(false, 0);
  }

  #backOff(wasSteady: boolean, askedMs: number): void {
    this.#failures = wasSteady ? 1 : this.#failures + 1;
    const delay = Math.max(retryDelayMs(this.#failures, Math.random()), askedMs);
    this.#notBefore = this.#deps.now() + delay;
  }

  /** Nobody listens any more: the backend need not speak either. */
  async #stop(): Promise<void> {
    this.#close();
    const lease = this.#lease;
    this.#lease = undefined;
    this.#hasMissed = false;
    if (lease === undefined || this.#subscriptions.isEmpty) return;
    await this.#subscriptions
      .sync(lease.revision, [], (method, uri) => this.#tell(lease, method, uri))
      .catch(() => this.#subscriptions.forget()); // its session is over, or soon will be
  }

  #close(): void {
    const open = this.#open;
    this.#open = undefined;
    this.#lastEventId = undefined;
    open?.stream.close();
  }

  #wake(at: number): void {
    const wait = Math.max(0, at - this.#deps.now());
    this.#callOff = this.#deps.after(wait, () => this.#deps.io.waitUntil(this.sync()));
  }

  #tell(lease: Lease, method: SubscriptionMethod, uri: string): Promise<unknown> {
    return this.#request(lease, method, { uri });
  }

  #request(lease: Lease, method: string, params?: JsonObject): Promise<unknown> {
    const request = { id: method, method, ...(params === undefined ? {} : { params }) };
    const { io, after, now } = this.#deps;
    return sendRequest(lease, request, { ...io, signal: new GiveUp(), after, now });
  }
}

function isSame(one: StreamAsk, other: StreamAsk): boolean {
  return JSON.stringify(one.filter) === JSON.stringify(other.filter);
}
