import { connect } from "node:net";

type Headers = Readonly<Record<string, string>>;

export type Load = Readonly<{
  url: string;
  connections: number;
  durationMs: number;
  headers?: Headers;
  /** Of each connection, over `headers`. */
  ownHeaders?: (connection: number) => Headers;
  /** With a body it is a POST of JSON; each connection has its own, for ids must not repeat. */
  body?: (connection: number) => string;
}>;

/** An answer that takes longer than this does not come. */
const ANSWER_MS = 10_000;

export type Throughput = Readonly<{
  requests: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}>;

/**
 * Keeps `connections` requests in flight over plain sockets: an HTTP client of Node would be the
 * slower side. Answers need a Content-Length or chunks, and have to be 200.
 */
export async function measureThroughput(load: Load): Promise<Throughput> {
  const latencies: number[] = [];
  const started = performance.now();
  const end = started + load.durationMs;
  await Promise.all(
    Array.from({ length: load.connections }, (_, connection) =>
      driveConnection(load, { request: writeRequest(load, connection), end, latencies }),
    ),
  );
  return summarize(latencies, started);
}

/** The same for what takes several requests: each flow is repeated until the time is over. */
export async function measureFlows(
  flows: readonly (() => Promise<void>)[],
  durationMs: number,
): Promise<Throughput> {
  const latencies: number[] = [];
  const started = performance.now();
  const repeat = async (flow: () => Promise<void>): Promise<void> => {
    let now = performance.now();
    while (now < started + durationMs) {
      const before = now;
      await flow();
      now = performance.now();
      latencies.push(now - before);
    }
  };
  await Promise.all(flows.map(repeat));
  return summarize(latencies, started);
}

function summarize(latencies: readonly number[], started: number): Throughput {
  const seconds = (performance.now() - started) / 1_000;
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const requests = latencies.length;
  return { requests, perSecond: requests / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function driveConnection(
  load: Load,
  { request, end, latencies }: { request: string; end: number; latencies: number[] },
): Promise<void> {
  const { hostname, port } = new URL(load.url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let received = "";
  let sent = 0;
  socket.setEncoding("latin1");
  socket.on("connect", () => {
    sent = performance.now();
    socket.write(request);
  });
  socket.on("data", (chunk: string) => {
    received += chunk;
    if (!isComplete(received)) return;
    if (!received.startsWith("HTTP/1.1 200")) {
      reject(new Error(`answered ${received.slice(0, 200)}`));
      return;
    }
    received = "";
    const now = performance.now();
    latencies.push(now - sent);
    if (now >= end) {
      resolve();
      return;
    }
    sent = now;
    socket.write(request);
  });
  const stuck = setTimeout(
    () => reject(new Error(`no end of an answer: ${received.slice(0, 300)}`)),
    load.durationMs + ANSWER_MS,
  );
  socket.on("error", reject);
  socket.on("close", () => reject(new Error("the server closed the connection")));
  try {
    await promise;
  } finally {
    clearTimeout(stuck);
    socket.removeAllListeners("close").destroy();
  }
}

function writeRequest(
  { url, headers, ownHeaders, body: bodyOf }: Load,
  connection: number,
): string {
  const body = bodyOf?.(connection);
  const { host, pathname, search } = new URL(url);
  const all = {
    host,
    ...headers,
    ...ownHeaders?.(connection),
    ...(body === undefined
      ? {}
      : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const method = body === undefined ? "GET" : "POST";
  return `${method} ${pathname}${search} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`;
}

function isComplete(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  if (head === -1) return false;
  const length = /content-length: (\d+)/i.exec(text.slice(0, head))?.[1];
  if (length === undefined) return text.endsWith("0\r\n\r\n");
  return text.length >= head + 4 + Number(length);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
