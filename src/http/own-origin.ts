import { GatewayError } from "../core/errors.ts";
import { isLoopbackHost } from "../core/loopback-host.ts";

/** Hosts come from callers, so what is remembered of them is bounded. */
const REMEMBERED_ORIGINS = 64;

/**
 * Which of our own origins a request came to, or undefined when its Host is not ours (answer 421:
 * DNS rebinding). PUBLIC_URL alone decides issuer and resource, so no header can change them;
 * loopback names are own origins beside it, because locally both `localhost` and `127.0.0.1` are
 * typed. Without PUBLIC_URL the platform's routing vouches for the Host.
 */
export function createOwnOrigin({
  publicUrl,
}: Readonly<{ publicUrl: string | undefined }>): (request: Request) => string | undefined {
  const own = publicUrl ? parsePublicUrl(publicUrl) : undefined;
  const remembered = new Map<string, string | undefined>();
  return (request) => {
    const origin = originPart(request.url);
    if (remembered.has(origin)) return remembered.get(origin);
    const answer = ownOriginOf(new URL(origin), own);
    if (remembered.size >= REMEMBERED_ORIGINS) remembered.clear();
    remembered.set(origin, answer);
    return answer;
  };
}

/** The same for who needs one: throws `misdirected`. */
export function requireOwnOrigin(
  ownOrigin: (request: Request) => string | undefined,
  request: Request,
): string {
  const origin = ownOrigin(request);
  if (origin !== undefined) return origin;
  throw new GatewayError("misdirected", "Cannot answer: this host is not one of the gateway");
}

function parsePublicUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "https:" || url?.protocol === "http:") return url;
  throw new GatewayError(
    "config_invalid",
    `PUBLIC_URL: ${JSON.stringify(text)}, wanted a URL like "https://gateway.example.com"`,
  );
}

function ownOriginOf(asked: URL, own: URL | undefined): string | undefined {
  if (isLoopbackHost(asked.hostname)) return asked.origin;
  if (own === undefined) return asked.origin;
  // By name only: behind a proxy that ends TLS, scheme and port are not the public ones.
  return asked.hostname === own.hostname ? own.origin : undefined;
}

/** `scheme://host[:port]` of an absolute URL, without parsing it: this runs for every request. */
function originPart(url: string): string {
  const end = url.indexOf("/", url.indexOf("//") + 2);
  return end === -1 ? url : url.slice(0, end);
}
