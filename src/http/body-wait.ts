import { GatewayError } from "../core/errors.ts";

/** A body that trickles would hold the request open for as long as its sender likes. */
const BODY_WAIT_MS = 30_000;

/** The body, or `invalid_request` when it has not arrived in time. */
export async function withinBodyWait<Body>(reading: Promise<Body>): Promise<Body> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new GatewayError(
          "invalid_request",
          `Cannot read the request body: it did not arrive within ${BODY_WAIT_MS / 1_000} s`,
        ),
      );
    }, BODY_WAIT_MS);
  });
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}
