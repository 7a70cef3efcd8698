import type { HeaderForwarding } from "../config/gateway-config.ts";
import { GatewayError } from "../core/errors.ts";
import { isForwardable } from "../core/forwardable-header.ts";
import { compileGlob } from "../core/glob.ts";

/** What people name one by one is a handful; this leaves room for `x-*`. */
const MAX_HEADERS = 64;
/** Names and values; most servers refuse a request whose headers come to more. */
const MAX_CHARS = 16 * 1_024;
/** But the tab (RFC 9110 section 5.5). */
// oxlint-disable-next-line no-control-regex -- exactly those are looked for
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * Of the headers of a caller's request, those a backend is passed. What is left of a copy, because
 * only the copy of an object of the platform has the very bytes that came.
 */
export function forwardedHeaders(forwarding: HeaderForwarding, headers: Headers): Headers {
  const isWanted = compiled(forwarding);
  const passed = new Headers(headers);
  for (const name of headers.keys()) if (!isWanted(name)) passed.delete(name);
  return passed;
}

/**
 * The same, sound and within bounds. Throws `invalid_params` for the rest: without the header that
 * says whose data it is about, a call must not be made.
 */
export function requireForwarded(forwarding: HeaderForwarding, headers: Headers): Headers {
  const passed = forwardedHeaders(forwarding, headers);
  let count = 0;
  let chars = 0;
  for (const [name, value] of passed) {
    count += 1;
    chars += name.length + value.length;
    if (!CONTROLS.test(value)) continue;
    // The value may be a credential: only its name is told.
    const reason = `"${name}" holds a control character`;
    throw new GatewayError("invalid_params", `Cannot pass on headers: ${reason}`);
  }
  if (count <= MAX_HEADERS && chars <= MAX_CHARS) return passed;
  throw new GatewayError(
    "invalid_params",
    `Cannot pass on headers: ${count} with ${chars} characters, wanted at most ${MAX_HEADERS} with ${MAX_CHARS}`,
  );
}

/** Made once for what stands in the config. */
const known = new WeakMap<HeaderForwarding, (name: string) => boolean>();

function compiled(forwarding: HeaderForwarding): (name: string) => boolean {
  const held = known.get(forwarding);
  if (held !== undefined) return held;
  const allow = forwarding.allow.map(compileGlob);
  const deny = forwarding.deny.map(compileGlob);
  const isWanted = (name: string): boolean =>
    isForwardable(name) &&
    allow.some((matches) => matches(name)) &&
    !deny.some((matches) => matches(name));
  known.set(forwarding, isWanted);
  return isWanted;
}
