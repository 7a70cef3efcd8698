import { GatewayError } from "../core/errors.ts";
import type { Caller } from "../auth/caller.ts";
import { inAccount } from "../auth/in-account.ts";
import { accountIn, type Exchange } from "./exchange.ts";

/**
 * A revoked credential is refused everywhere within 5 s, and its streams end with it: an isolate may
 * have known of it for 4 s too long when it is asked here.
 */
const CHECK_MS = 1_000;

/**
 * A stream that may stay open for hours ends when its credential does, and when other rules are in
 * force for it: what it tells was decided when it began, and a client that comes back is under them.
 */
export function whileValid(
  exchange: Exchange,
  caller: Caller,
  response: Response,
  /** How such a caller is seen on this stream. */
  asHere: (fresh: Caller) => Caller = (fresh) => fresh,
): Response {
  const { deps, request, origin, context } = exchange;
  const { body, status, headers } = response;
  if (body === null || !response.ok) return response;
  const { readable, writable } = new IdentityTransformStream();
  const end = new AbortController();
  const account = accountIn(exchange);
  const check = setInterval(() => {
    deps.authenticator
      .authenticate(request, "mcp", origin, context)
      .then((fresh) => {
        const { credentialId, policyId } = asHere(inAccount(fresh, account));
        if (credentialId !== caller.credentialId || policyId !== caller.policyId) end.abort();
      })
      // Our own outage is no reason to cut a stream: the next check will tell.
      .catch((error: unknown) => {
        if (!isOutage(error)) end.abort();
      });
  }, CHECK_MS);
  void body
    .pipeTo(writable, { signal: end.signal })
    .catch(() => {}) // the client left, or may not listen any longer
    .finally(() => clearInterval(check));
  return new Response(readable, { status, headers });
}

function isOutage(error: unknown): boolean {
  return error instanceof GatewayError && error.code === "unavailable";
}
