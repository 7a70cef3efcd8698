import { GatewayError } from "../core/errors.ts";
import { type After, afterTimeout } from "../core/patience.ts";

/** A body that trickles would hold the request open for as long as its sender likes. */
const BODY_WAIT_MS = 30_000;

/** The body, or `invalid_request` when it has not arrived in time. */
export async function withinBodyWait<Body>(
  reading: Promise<Body>,
  after: After = afterTimeout,
): Promise<Body> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const inTime = after(BODY_WAIT_MS, () => {
    reject(
      new GatewayError(
        "invalid_request",
        `Cannot read the request body: it did not arrive within ${BODY_WAIT_MS / 1_000} s`,
      ),
    );
  });
  try {
    return await Promise.race([reading, late]);
  } finally {
    inTime();
  }
}
