import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { After } from "../core/patience.ts";
import type { Wanted } from "./attendance-book.ts";
import { latestRun } from "./latest-run.ts";
import { type Lease, LeaseLost } from "./lease.ts";
import { type ListenRequest, type ListenStream, openListenStream } from "./listen-stream.ts";
import { ResourceSubscriptions, type SubscriptionMethod } from "./resource-subscriptions.ts";
import { retryDelayMs } from "./retry-times.ts";
import { type SendIo, sendRequest } from "./send.ts";
import { encodeRequest, envelope } from "./wire.ts";

/** A backend without a stream will hardly get one while it runs. */
const NO_STREAM_MS = 5 * 60_000;
/** A backend that never says that a stream is open is listened to all the same. */
const OPEN_WAIT_MS = 1_500;
/** A stream that stayed open for so long was no failure. */
const STEADY_MS = 10_000;
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

type Open = Readonly<{ stream: ListenStream; lease: Lease; key: string; since: number }>;

/**
 * Keeps one listening stream to the backend open while it is wanted: brought about by `sync`, which
 * compares what is with what should be, and comes again by itself when something is due.
 */
export class Listening {
  readonly #deps: ListeningDeps;
  readonly #subscriptions = new ResourceSubscriptions();
  #open: Open | undefined;
  /** The session that subscriptions were last sent in. */
  #lease: Lease | undefined;
  #lastEventId: string | undefined;
  /** What was said since the last stream is lost; one that fails at once said nothing to lose. */
  #hasMissed = false;
  #failures = 0;
  /** Nothing is tried before, epoch ms. */
  #notBefore = 0;
  #callOff: () => void = () => {};
  /** Settles when everything wanted by now is in place or was tried once. */
  readonly sync = latestRun(() => this.#bringAbout());

  constructor(deps: ListeningDeps) {
    this.#deps = deps;
  }

  /** The backend is another one now: nothing of before counts. */
  reset(): void {
    this.#close();
    this.#subscriptions.forget();
    this.#lease = undefined;
    this.#hasMissed = false;
    this.#failures = 0;
    this.#notBefore = 0;
    this.#callOff();
  }

  async #bringAbout(): Promise<void> {
    this.#callOff();
    const wanted = this.#deps.wanted();
    if (wanted === undefined) return this.#stop();
    const now = this.#deps.now();
    if (this.#notBefore <= now) await this.#listen(wanted).catch((error) => this.#onFailure(error));
    const due = this.#notBefore > this.#deps.now() ? this.#notBefore : Infinity;
    this.#wake(Math.min(due, this.#deps.wanted()?.until ?? 0));
  }

  async #listen(wanted: Wanted): Promise<void> {
    const { lease, capabilities } = await this.#deps.connect();
    if (this.#lease?.revision !== lease.revision) this.#lastEventId = undefined;
    if (this.#lease !== undefined && this.#lease.revision !== lease.revision)
      this.#hasMissed = true;
    this.#lease = lease;
    const request = listenRequest(lease, {
      filter: listenFilter(capabilities, wanted.uris),
      lastEventId: this.#lastEventId,
    });
    if (request === undefined) this.#close();
    else await this.#ensureStream(lease, request);
    const watched = lease.era === "legacy" && canSubscribe(capabilities) ? wanted.uris : [];
    await this.#subscriptions.sync(lease.revision, watched, (method, uri) =>
      this.#tell(lease, method, uri),
    );
    if (!this.#hasMissed) return;
    this.#hasMissed = false;
    this.#deps.onGap();
  }

  async #ensureStream(lease: Lease, { key, ...request }: KeyedRequest): Promise<void> {
    const before = this.#open;
    if (before?.key === key && before.lease.revision === lease.revision) return;
    // A legacy session has one such stream; a modern one may overlap, so that nothing is missed.
    if (lease.era === "legacy") before?.stream.close();
    const { after, io, now, onMessage } = this.#deps;
    const stream = openListenStream(lease, request, {
      fetch: io.fetch,
      after,
      onMessage: (message) => onMessage(message, lease),
      probe: async () => void (await this.#request(lease, "ping")),
    });
    const open: Open = { stream, lease, key, since: now() };
    this.#open = open;
    io.waitUntil(this.#awaitEnd(open));
    await settled(stream.opened, after);
    before?.stream.close();
  }

  async #awaitEnd(open: Open): Promise<void> {
    const end = await open.stream.ended;
    if (this.#open !== open) return; // closed by us, or replaced
    this.#open = undefined;
    const now = this.#deps.now();
    if (end.kind === "refused") this.#notBefore = now + NO_STREAM_MS;
    else {
      const wasSteady = end.kind === "closed" && now - open.since > STEADY_MS;
      const asked = end.kind === "closed" ? Math.min(end.retryMs ?? 0, MAX_RETRY_MS) : 0;
      this.#backOff(wasSteady, asked);
      this.#hasMissed ||= wasSteady && end.lastEventId === undefined;
      if (end.kind === "lost") this.#deps.onLost(open.lease);
      else this.#lastEventId = end.lastEventId ?? this.#lastEventId;
    }
    await this.sync();
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
    const signal = new AbortController().signal;
    return sendRequest(lease, request, { ...this.#deps.io, signal, now: this.#deps.now });
  }
}

type KeyedRequest = ListenRequest & Readonly<{ key: string }>;

/** Undefined where there is nothing to open: HTTP+SSE has its stream already. */
function listenRequest(
  lease: Lease,
  { filter, lastEventId }: Readonly<{ filter: JsonObject; lastEventId: string | undefined }>,
): KeyedRequest | undefined {
  if (lease.lane !== "direct") return undefined;
  if (lease.era === "legacy") {
    const { "content-type": _, ...headers } = lease.headers;
    return {
      key: "",
      method: "GET",
      headers: {
        ...headers,
        accept: "text/event-stream",
        ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
      },
      isAcknowledged: false,
    };
  }
  if (Object.keys(filter).length === 0) return undefined;
  const { body, headers } = encodeRequest(lease, {
    id: crypto.randomUUID(),
    method: "subscriptions/listen",
    params: { notifications: filter, _meta: envelope(lease.protocolVersion) },
  });
  return { key: JSON.stringify(filter), method: "POST", headers, body, isAcknowledged: true };
}

/** Only what the backend says it offers: asking for more is refused by some. */
function listenFilter(capabilities: JsonObject, uris: readonly string[]): JsonObject {
  const filter: Record<string, JsonValue> = {};
  for (const list of ["tools", "prompts", "resources"]) {
    const offered = capabilities[list];
    if (isJsonObject(offered) && offered["listChanged"] === true) {
      filter[`${list}ListChanged`] = true;
    }
  }
  if (canSubscribe(capabilities) && uris.length > 0) filter["resourceSubscriptions"] = [...uris];
  return filter;
}

function canSubscribe({ resources }: JsonObject): boolean {
  return isJsonObject(resources) && resources["subscribe"] === true;
}

/** Settles with `work`, or when it takes too long. */
function settled(work: Promise<void>, after: After): Promise<void> {
  return new Promise((resolve) => {
    const callOff = after(OPEN_WAIT_MS, resolve);
    void work.finally(() => {
      callOff();
      resolve();
    });
  });
}
