import type { Log } from "./log.ts";

/** Which trace a request is a part of, as its caller said it (W3C Trace Context). */
export type Trace = Readonly<{ traceparent: string; tracestate: string | undefined }>;

/** The trace of a request; undefined for one that is in none. */
export type FindTrace = (
  request: Readonly<{ headers?: Headers; requestId: string }>,
) => Trace | undefined;

/** Later versions may say more after a dash; the first four parts stay as they are. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}/;
const FIRST_VERSION_LENGTH = 55;
const MAX_TRACEPARENT = 256;
/** What the specification asks everybody to pass on (section 3.3.1.5). */
const MAX_TRACESTATE = 512;
/** `key=value` of printable characters; finer mistakes are for whoever reads it. */
const TRACESTATE = /^[a-z0-9][a-z0-9_\-*/@]*=[\x20-\x2b\x2d-\x3c\x3e-\x7e]*$/;

/**
 * Passed on as it came: the gateway is no span of it. `invent` makes one for those without, so that
 * one who looks for a fault finds a call again at its backend.
 */
export function createTraces({ log, invent }: { log: Log; invent: boolean }): FindTrace {
  /** One trace for all calls of a request. */
  const invented = new WeakMap<Headers, Trace>();
  return ({ headers, requestId }) => {
    if (headers === undefined) return undefined;
    const given = headers.get("traceparent");
    // This is the end for nearly every call.
    if (given === null && !invent) return undefined;
    const trace = given === null ? undefined : readTrace(given, headers.get("tracestate"));
    if (trace !== undefined || !invent) {
      if (trace !== undefined) log.debug("trace", { requestId, trace: traceIdOf(trace) });
      return trace;
    }
    const known = invented.get(headers);
    if (known !== undefined) return known;
    const made = { traceparent: `00-${hex(16)}-${hex(8)}-01`, tracestate: undefined };
    invented.set(headers, made);
    log.debug("trace", { requestId, trace: traceIdOf(made) });
    return made;
  };
}

export function traceIdOf({ traceparent }: Trace): string {
  return traceparent.slice(3, 35);
}

/** As the headers of a request, over those of `headers`. */
export function withTraceHeaders(headers: Headers | undefined, trace: Trace): Headers {
  const all = new Headers(headers);
  all.set("traceparent", trace.traceparent);
  if (trace.tracestate === undefined) all.delete("tracestate");
  else all.set("tracestate", trace.tracestate);
  return all;
}

/** Undefined for what is not sound: half a trace misleads more than none. */
function readTrace(traceparent: string, tracestate: string | null): Trace | undefined {
  const version = TRACEPARENT.exec(traceparent)?.[1];
  if (version === undefined || traceparent.length > MAX_TRACEPARENT) return undefined;
  const rest = traceparent.slice(FIRST_VERSION_LENGTH);
  const isWhole = version === "00" ? rest === "" : /^(-[!-~]*)?$/.test(rest);
  if (!isWhole) return undefined;
  return {
    traceparent,
    tracestate: tracestate !== null && isTracestate(tracestate) ? tracestate : undefined,
  };
}

function isTracestate(text: string): boolean {
  const members = text.split(",").map((member) => member.trim());
  if (text.length > MAX_TRACESTATE || members.length > 32) return false;
  return members.every((member) => member === "" || TRACESTATE.test(member));
}

function hex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
