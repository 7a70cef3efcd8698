import { openEventStream, type EventStream } from "./event-stream.ts";
import type { EventLog } from "./event-log.ts";

/** What a client waits before it takes a closed stream up again. */
const RETRY_MS = 1_000;
/** Events that may wait for a client that reads slowly; it comes back for the others. */
const MAX_WAITING = 1_000;

/**
 * One stream of a session as its messages see it: it goes on while connections to it come and go.
 * Every event has an id and is in the log before it is sent.
 */
export class SessionStream {
  readonly id: string;
  readonly #session: string;
  readonly #log: EventLog;
  readonly #primes: boolean;
  readonly #onGone: () => void;
  #seq: number;
  #connection: EventStream | undefined;

  constructor(
    {
      session,
      id,
      primes,
      log,
    }: Readonly<{
      session: string;
      id: string;
      /** Begin with an event without data (2025-11-25; older clients would read it as a message). */
      primes: boolean;
      log: EventLog;
    }>,
    /** The client left a connection that we had not closed. */
    onGone: () => void,
  ) {
    this.id = id;
    this.#session = session;
    this.#log = log;
    this.#primes = primes;
    this.#onGone = onGone;
    this.#seq = log.lastSeq(session, id);
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen() ?? false;
  }

  /** Whether a client has what it needs to come back. */
  get isResumable(): boolean {
    return this.#primes || this.#seq > 0;
  }

  send(data: string): void {
    this.#seq += 1;
    this.#log.append(this.#session, this.id, { seq: this.#seq, data });
    const connection = this.#connection;
    if (connection === undefined) return;
    if (connection.waiting() >= MAX_WAITING) {
      // To leave one out and go on would be to lose it: the client's last event id is beyond it.
      this.disconnect();
      return this.#onGone();
    }
    connection.send([{ data, id: this.#eventId(this.#seq) }]);
  }

  /** A connection for everything after event number `after`; one before it is closed. */
  connect(after: number): Response {
    void this.#connection?.close();
    const connection: EventStream = openEventStream(() => {
      if (this.#connection !== connection) return;
      this.#connection = undefined;
      this.#onGone();
    });
    this.#connection = connection;
    // What the client has seen was given out, even if nothing of it is kept.
    this.#seq = Math.max(this.#seq, after);
    const missed = this.#log.after(this.#session, this.id, after);
    connection.send([
      ...(this.#primes ? [{ data: "", id: this.#eventId(after), retry: RETRY_MS }] : []),
      ...missed.map(({ seq, data }) => ({ data, id: this.#eventId(seq) })),
    ]);
    return connection.response;
  }

  /** The client is to come back for the rest (2025-11-25, SEP-1699). */
  disconnect(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    void connection?.close();
  }

  #eventId(seq: number): string {
    return `${this.id}.${seq}`;
  }
}

/** Undefined for what is none of our ids. */
export function parseEventId(text: string): Readonly<{ stream: string; seq: number }> | undefined {
  const [, stream, seq] = /^([a-z0-9-]{1,64})\.(\d{1,9})$/.exec(text) ?? [];
  return stream === undefined || seq === undefined ? undefined : { stream, seq: Number(seq) };
}
