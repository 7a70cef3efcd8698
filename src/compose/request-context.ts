import { createPatience } from "../core/patience.ts";
import type { RequestContext } from "../gateway/gateway.ts";
import type { CalledBy } from "../telemetry/audit-event.ts";

export function contextOf(
  request: Request,
  execution: Pick<ExecutionContext, "waitUntil">,
  surface: CalledBy = "mcp",
): RequestContext {
  return {
    surface,
    // Getters: what never looks at signal or headers does not pay for them.
    get signal() {
      return request.signal;
    },
    get headers() {
      return request.headers;
    },
    get origin() {
      return originOf(request.url);
    },
    after: createPatience(Date.now),
    waitUntil: (work) => execution.waitUntil(work),
    requestId: requestIdOf(request),
  };
}

/** Different in every isolate; made on first use, because a module may not ask for randomness. */
let isolateId: string | undefined;
let requestCount = 0;

/** The platform's own id where there is one, so that its logs and ours meet. */
export function requestIdOf(request: Request): string {
  const ray = request.headers.get("cf-ray");
  if (ray !== null) return ray;
  isolateId ??= crypto.randomUUID().slice(0, 8);
  requestCount += 1;
  return `${isolateId}-${requestCount.toString(36)}`;
}

/** The origin of an absolute URL as it came. */
function originOf(url: string): string {
  return url.slice(0, url.indexOf("/", url.indexOf("//") + 2));
}
