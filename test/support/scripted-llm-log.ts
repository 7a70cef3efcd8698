import type { IncomingHttpHeaders } from "node:http";

export type RecordedRequest = {
  personality: string;
  method: string;
  /** After the key, with its query. */
  path: string;
  headers: IncomingHttpHeaders;
  /** Parsed where it is JSON. */
  body: unknown;
  /** Milliseconds since 1970. */
  at: number;
  /** The one who asked left before the end. */
  abandoned: boolean;
  /** The script broke the connection. */
  broken: boolean;
  /** Bytes written so far: how far a reader that does not read let it come. */
  sent: number;
};

export type Awaited = "arrived" | "abandoned";

/** What arrived under one key, and who waits for it. */
export class RequestLog {
  readonly #requests = new Map<string, RecordedRequest[]>();
  readonly #watchers = new Set<() => void>();

  of(key: string): RecordedRequest[] {
    return this.#requests.get(key) ?? [];
  }

  add(key: string, request: RecordedRequest): void {
    this.#requests.set(key, [...this.of(key), request]);
    this.changed();
  }

  clear(key: string): void {
    this.#requests.delete(key);
  }

  changed(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /** Rejects after `withinMs`. */
  async wait(
    key: string,
    want: Readonly<{ what: Awaited; count: number; withinMs: number }>,
  ): Promise<RecordedRequest[]> {
    const found = (): RecordedRequest[] =>
      this.of(key).filter((request) => want.what === "arrived" || request.abandoned);
    const { promise, resolve, reject } = Promise.withResolvers<RecordedRequest[]>();
    const look = (): void => {
      if (found().length >= want.count) resolve(found());
    };
    const patience = setTimeout(() => {
      const seen = `${found().length} of ${want.count}`;
      reject(new Error(`Cannot wait for requests of "${key}": ${seen} ${want.what}`));
    }, want.withinMs);
    this.#watchers.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(patience);
      this.#watchers.delete(look);
    }
  }
}
