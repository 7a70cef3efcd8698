import { isJsonObject, type JsonObject } from "../core/json.ts";
import { MESSAGE_HEADERS, type GatewayDoor } from "./gateway-door.ts";
import { readAnswer } from "./gateway-answer.ts";
import { readRpc, type RpcPart } from "./rpc-parts.ts";
import { NoAnswer, STDIO_CODES } from "./stdio-errors.ts";
import type { StdioLog } from "./stdio-log.ts";

/** Subscriptions of one client that are made again in a new session; nobody has more. */
const MAX_KEPT = 1_000;
/** The client that ends us waits two seconds before it kills. */
const END_MS = 1_000;
const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

type Open = Readonly<{
  /** Undefined where the gateway gave none. */
  id: string | undefined;
  version: string;
  /** As the client sent it: sent again when the session is lost. */
  initialize: string;
  /** What the client was told may change. */
  capabilities: JsonObject;
}>;

/**
 * The session of a client from before 2026-07-28. When the gateway does not know it any more, a new
 * one is opened in the client's words, and what the client had set in the old one is set again.
 */
export class LegacySession {
  readonly #door: GatewayDoor;
  readonly #tell: (text: string) => void;
  readonly #log: StdioLog;
  readonly #stop = new AbortController();
  readonly #kept = new Map<string, string>();
  #open: Open | undefined;
  #opening: Promise<void> | undefined;

  constructor(
    door: GatewayDoor,
    { tell, log }: Readonly<{ tell: (text: string) => void; log: StdioLog }>,
  ) {
    this.#door = door;
    this.#tell = tell;
    this.#log = log;
  }

  get id(): string | undefined {
    return this.#open?.id;
  }

  get headers(): Readonly<Record<string, string>> {
    if (this.#open === undefined) return {};
    const { id, version } = this.#open;
    return {
      "mcp-protocol-version": version,
      ...(id === undefined ? {} : { "mcp-session-id": id }),
    };
  }

  /** Until an `initialize` that is under way is answered: what comes after it belongs to it. */
  async ready(): Promise<void> {
    await this.#opening;
  }

  /** The client initializes: everything else waits for `work`. */
  async initialize(work: () => Promise<void>): Promise<void> {
    void this.#end(this.#open?.id);
    this.#open = undefined;
    this.#kept.clear();
    const opening = work();
    this.#opening = opening;
    try {
      await opening;
    } finally {
      if (this.#opening === opening) this.#opening = undefined;
    }
  }

  /** The client's `initialize` was answered. */
  opened(initialize: string, id: string | undefined, result: JsonObject): void {
    const { protocolVersion: version, capabilities } = result;
    if (typeof version !== "string") return;
    this.#open = {
      id,
      version,
      initialize,
      capabilities: isJsonObject(capabilities) ? capabilities : {},
    };
  }

  /** Remembers what a new session has to be told as well. */
  keep({ method, params }: Extract<RpcPart, { kind: "request" }>, text: string): void {
    const { uri } = params;
    const key = typeof uri === "string" ? `resource ${uri}` : "log level";
    if (method === "resources/unsubscribe") this.#kept.delete(key);
    if (method !== "resources/subscribe" && method !== "logging/setLevel") return;
    if (this.#kept.has(key) || this.#kept.size < MAX_KEPT) this.#kept.set(key, text);
  }

  /** After the gateway said that it does not know `lost`. Once for all who hear it. */
  async reopen(lost: string): Promise<void> {
    if (this.#opening !== undefined) return this.#opening;
    if (this.#open === undefined || this.#open.id !== lost) return;
    const opening = this.#replay(this.#open);
    this.#opening = opening;
    try {
      await opening;
    } finally {
      if (this.#opening === opening) this.#opening = undefined;
    }
  }

  /** Best effort: the gateway forgets it by itself in the end. */
  async end(): Promise<void> {
    this.#stop.abort();
    const id = this.#open?.id;
    this.#open = undefined;
    await this.#end(id);
  }

  async #replay(open: Open): Promise<void> {
    this.#log.info("the session is over, a new one is opened");
    let result: JsonObject | undefined;
    const session = await this.#post(open.initialize, {}, (part) => {
      if (part.kind === "answer" && isJsonObject(part.message["result"])) {
        result = part.message["result"];
      }
    });
    if (result === undefined) {
      throw new NoAnswer(
        STDIO_CODES.network,
        "Cannot ask the gateway: the session is over, and it opens no other",
      );
    }
    this.opened(open.initialize, session, result);
    await this.#post(INITIALIZED, this.headers);
    for (const text of this.#kept.values()) await this.#post(text, this.headers);
    for (const [kind, capability] of Object.entries(open.capabilities)) {
      if (!isJsonObject(capability) || capability["listChanged"] !== true) continue;
      // What changed since is not told any more.
      this.#tell(JSON.stringify({ jsonrpc: "2.0", method: `notifications/${kind}/list_changed` }));
    }
  }

  /** Resolves with the session id of the answer. */
  async #post(
    body: string,
    headers: Readonly<Record<string, string>>,
    onPart: (part: RpcPart) => void = () => {},
  ): Promise<string | undefined> {
    const { signal } = this.#stop;
    const response = await this.#door.send({
      method: "POST",
      headers: { ...MESSAGE_HEADERS, ...headers },
      body,
      signal,
    });
    await readAnswer(response, { onText: (text) => readRpc(text)?.parts.forEach(onPart) });
    return sessionIdOf(response.headers);
  }

  async #end(id: string | undefined): Promise<void> {
    if (id === undefined) return;
    try {
      const response = await this.#door.send({
        method: "DELETE",
        headers: { "mcp-session-id": id },
        signal: AbortSignal.timeout(END_MS),
      });
      response.resume();
    } catch {
      this.#log.debug("the session could not be ended");
    }
  }
}

export function sessionIdOf(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): string | undefined {
  const id = headers["mcp-session-id"];
  return typeof id === "string" ? id : undefined;
}
