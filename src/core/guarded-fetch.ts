import { readBoundedText } from "./bounded-read.ts";
import { withDeadline } from "./deadline.ts";
import { GatewayError } from "./errors.ts";
import { type Blame, type Fetch, isRedirect, requireAllowedTarget } from "./outbound.ts";

/** A person waits in front of the browser, and a document of this size is written in no time. */
const ANSWER_MS = 10_000;
/** The largest set of keys of a big provider has a tenth of it. */
const ANSWER_LIMIT = 256 * 1024;
/** What is read of an answer besides its body. */
const READ_HEADERS = ["content-type", "www-authenticate"];

/**
 * For small documents from addresses that a config or a stranger's document names: no private
 * targets, no redirects, an end to time and size. The answer is read whole before it is given out.
 */
export function createGuardedFetch({
  fetch,
  privateOrigins,
  blame,
}: Readonly<{ fetch: Fetch; privateOrigins: readonly string[]; blame: Blame }>): Fetch {
  const { action, backend, noun = "backend" } = blame;
  const failed = (reason: string, cause?: unknown): GatewayError =>
    new GatewayError("backend_unavailable", `Cannot ${action}: ${noun} "${backend}" ${reason}`, {
      cause,
    });
  return async (url, init) => {
    const { href } = requireAllowedTarget({ url, privateOrigins }, blame);
    return withDeadline(ANSWER_MS, async (signal) => {
      try {
        const response = await fetch(href, { ...init, redirect: "manual", signal });
        if (isRedirect(response.status)) {
          await response.body?.cancel().catch(() => {}); // nothing of it is needed
          throw failed("answered with a redirect, which is not followed");
        }
        const { status } = response;
        const text = await readBoundedText(response, ANSWER_LIMIT, `the answer of "${backend}"`);
        const headers = new Headers();
        for (const name of READ_HEADERS) {
          const value = response.headers.get(name);
          if (value !== null) headers.set(name, value);
        }
        return new Response(status === 204 ? null : text, { status, headers });
      } catch (error) {
        if (error instanceof GatewayError) throw error;
        if (signal.aborted) throw failed(`did not answer within ${ANSWER_MS / 1_000} s`, error);
        throw failed("could not be reached", error);
      }
    });
  };
}
