import { checkedAsk } from "../backends/check-question.ts";
import { GiveUp } from "../core/call-signal.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { RPC_CODES, type RequestId, type RpcNotification } from "../core/json-rpc.ts";
import { PATIENCE_MS } from "../core/patience.ts";
import { type Ask, asQuestionError, type Question, QuestionRefused } from "../core/question.ts";
import type { ClientPort } from "../gateway/gateway.ts";
import { ClientQuestions } from "./client-questions.ts";
import type { EventLog } from "./event-log.ts";
import { passesLevel } from "./log-filter.ts";
import { jsonReply, type Reply } from "./reply.ts";
import { failureText, RpcFailure } from "./rpc-failure.ts";
import { parseEventId, SessionStream } from "./session-stream.ts";
import type { Session } from "./session-store.ts";

/** Dropping the connection is not cancelling (2025-11-25, basic/transports): it may come back. */
const RESUME_GRACE_MS = 30_000;
/** GET streams of one client: browsers and retries leave some behind. */
const MAX_STANDING = 4;
/** The revision from which a stream begins with an event without data. */
const PRIMING_VERSION = "2025-11-25";

/** What a running request has of its session. */
export type SessionPort = Readonly<{
  client: ClientPort;
  notify: (notification: RpcNotification) => void;
  signal: GiveUp;
  /** What a backend says on the client's own connection outside of any answer. */
  heard: (message: JsonObject) => Promise<JsonObject | undefined>;
  /** Whether the client has a stream for it. */
  isListening: () => boolean;
}>;

/** One request of the client as the session runs it. */
export type SessionCall = Readonly<{
  id: RequestId;
  acceptsStream: boolean;
  run: (port: SessionPort) => Promise<Reply>;
}>;

/**
 * What of a legacy session is only there while the object is: its streams, the calls under way, the
 * questions the client has been asked. The rest is in SessionStore and EventLog, from which an object
 * that was evicted goes on.
 */
export class LiveSession {
  readonly #log: EventLog;
  readonly #streams = new Map<string, SessionStream>();
  readonly #standing: SessionStream[] = [];
  readonly #running = new Map<string, Set<GiveUp>>();
  readonly #questions = new ClientQuestions();
  readonly #onStanding: (open: boolean) => void;
  session: Session;

  constructor(
    session: Session,
    log: EventLog,
    /** Whether the client listens to what belongs to no request. */
    onStanding: (open: boolean) => void,
  ) {
    this.session = session;
    this.#log = log;
    this.#onStanding = onStanding;
  }

  /** JSON when the answer comes soon and alone, otherwise an event stream. */
  async call({ id, acceptsStream, run }: SessionCall): Promise<Response> {
    const signal = new GiveUp();
    const forget = this.#remember(id, signal);
    let grace: ReturnType<typeof setTimeout> | undefined;
    let isLeft = false;
    const stream = this.#openStream(`r${shortId()}`, () => {
      if (!stream.isResumable) return signal.abort();
      clearTimeout(grace);
      grace = setTimeout(() => {
        if (stream.isConnected) return;
        isLeft = true;
        signal.abort();
      }, RESUME_GRACE_MS);
    });
    const { promise: decision, resolve: decide } = Promise.withResolvers<Reply | "stream">();
    const wantStream = (): void => {
      if (acceptsStream) decide("stream");
    };
    const patience = setTimeout(wantStream, PATIENCE_MS);
    const send = (message: JsonObject): void => {
      if (!acceptsStream) return;
      stream.send(JSON.stringify(message));
      wantStream();
    };
    const notify = (notification: RpcNotification): void => {
      if (passesLevel(notification, this.session.logLevel)) send(notification);
    };
    const answer = run({
      signal,
      notify,
      heard: (message) => this.heard(message),
      isListening: () => this.#standing.some(({ isConnected }) => isConnected),
      client: {
        capabilities: this.session.capabilities,
        connection: this.session.connection,
        ask: acceptsStream ? this.#ask(send) : undefined,
        onStreamClosed: () => {
          wantStream();
          // After it was connected: the client then comes back as we do at the backend.
          void decision.then(() => stream.disconnect());
        },
      },
    });
    void answer.then((reply) => {
      forget();
      clearTimeout(grace);
      clearTimeout(patience);
      decide(reply);
    });
    const first = await decision;
    if (first !== "stream") {
      this.#streams.delete(stream.id);
      return signal.aborted ? cancelledReply() : jsonReply(first);
    }
    this.#log.begin(this.session.id, stream.id, JSON.stringify(id));
    void answer.then(({ text }) => {
      // A cancelled request has no answer (2025-11-25, basic/utilities/cancellation). A client that
      // was merely away too long has not cancelled: it reads what became of its request.
      if (!signal.aborted || isLeft) stream.send(text);
      this.#close(stream);
    });
    return stream.connect(0);
  }

  /** The client's GET. */
  listen(lastEventId: string | undefined): Response {
    const event = lastEventId === undefined ? undefined : parseEventId(lastEventId);
    const live = event === undefined ? undefined : this.#streams.get(event.stream);
    if (event === undefined) return this.#stand(`n${shortId()}`, 0);
    if (live !== undefined && !this.#standing.includes(live)) return live.connect(event.seq);
    if (event.stream.startsWith("n")) return this.#stand(event.stream, event.seq);
    return this.#replay(event);
  }

  /** To the newest stream that is there: each message goes to one (2025-11-25, basic/transports). */
  deliver(message: JsonObject): void {
    if (!passesLevel(message, this.session.logLevel)) return;
    const open = this.#standing.findLast(({ isConnected }) => isConnected);
    (open ?? this.#standing.at(-1))?.send(JSON.stringify(message));
  }

  /** What a backend says outside of any answer; a question is answered with its JSON-RPC response. */
  async heard(message: JsonObject): Promise<JsonObject | undefined> {
    const { id, method } = message;
    if (typeof method !== "string") return undefined;
    if (id === undefined) {
      this.deliver(message);
      return undefined;
    }
    return this.#answer({
      method,
      params: isJsonObject(message["params"]) ? message["params"] : {},
    });
  }

  /** On the client's GET stream, or on that of its newest call where it has none. */
  async #answer(question: Question): Promise<JsonObject> {
    const stream =
      this.#standing.findLast(({ isConnected }) => isConnected) ??
      [...this.#streams.values()].findLast(({ isConnected }) => isConnected);
    try {
      if (stream === undefined) throw new QuestionRefused(NOBODY_LISTENS);
      const ask = this.#ask((message) => stream.send(JSON.stringify(message)));
      return { result: await ask(question, new GiveUp()) };
    } catch (error) {
      return { error: asQuestionError(error) };
    }
  }

  answer(response: JsonObject): void {
    this.#questions.answer(response);
  }

  cancel(id: RequestId): void {
    for (const signal of this.#running.get(keyOf(id)) ?? []) signal.abort();
  }

  /** The session is over: nothing of it goes on. */
  end(): void {
    for (const signals of this.#running.values()) for (const signal of signals) signal.abort();
    this.#questions.end();
    for (const stream of this.#streams.values()) stream.disconnect();
    this.#streams.clear();
    this.#standing.length = 0;
    this.#onStanding(false);
  }

  #ask(send: (message: JsonObject) => void): Ask {
    return checkedAsk(this.session.capabilities, (question, signal) =>
      this.#questions.put(withElicitationId(question), signal, send),
    );
  }

  #openStream(id: string, onGone: () => void): SessionStream {
    const primes = this.session.protocolVersion >= PRIMING_VERSION;
    const stream = new SessionStream(
      { session: this.session.id, id, primes, log: this.#log },
      onGone,
    );
    this.#streams.set(id, stream);
    return stream;
  }

  #stand(id: string, after: number): Response {
    const known = this.#standing.find((stream) => stream.id === id);
    const stream = known ?? this.#openStream(id, () => this.#noteStanding());
    if (known === undefined) this.#standing.push(stream);
    const response = stream.connect(after);
    while (this.#standing.length > MAX_STANDING) {
      const oldest = this.#standing.shift();
      if (oldest === undefined) break;
      oldest.disconnect();
      this.#streams.delete(oldest.id);
    }
    this.#onStanding(true);
    return response;
  }

  #noteStanding(): void {
    this.#onStanding(this.#standing.some(({ isConnected }) => isConnected));
  }

  /** A stream of a request that is over, or that was lost when the object was restarted. */
  #replay({ stream: id, seq }: Readonly<{ stream: string; seq: number }>): Response {
    const stream = this.#openStream(id, () => {});
    const response = stream.connect(seq);
    const request = this.#log.unanswered(this.session.id, id);
    if (request !== undefined) {
      const failure = new RpcFailure(
        200,
        RPC_CODES.internalError,
        "Cannot answer: the gateway was restarted while this request was running",
      );
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by `call`
      stream.send(failureText(JSON.parse(request) as RequestId, failure));
    }
    this.#close(stream);
    return response;
  }

  #close(stream: SessionStream): void {
    stream.disconnect();
    this.#streams.delete(stream.id);
    this.#log.finish(this.session.id, stream.id);
  }

  /** Clients may use an id twice at the same time: then all of that id are meant. */
  #remember(id: RequestId, signal: GiveUp): () => void {
    const key = keyOf(id);
    const signals = this.#running.get(key) ?? new Set();
    this.#running.set(key, signals.add(signal));
    return () => {
      signals.delete(signal);
      if (signals.size === 0) this.#running.delete(key);
    };
  }
}

const NOBODY_LISTENS = {
  code: RPC_CODES.methodNotFound,
  message: "The client has no stream on which it could be asked",
};

/** Required in URL mode until 2025-11-25; modern backends have no use for it. */
function withElicitationId(question: Question): Question {
  const { method, params } = question;
  if (method !== "elicitation/create" || params["mode"] !== "url") return question;
  if (params["elicitationId"] !== undefined) return question;
  return { method, params: { ...params, elicitationId: crypto.randomUUID() } };
}

/** The request was cancelled before anything was said: there is nothing to answer. */
function cancelledReply(): Response {
  return new Response(null, { status: 202 });
}

function keyOf(id: RequestId): string {
  return `${typeof id} ${id}`;
}

function shortId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
