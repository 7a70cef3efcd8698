/**
 * Which addresses and headers a backend may be configured with. Pure, so that the config room can
 * refuse them when they are written and the backends room again when they are used.
 */

const REFERENCES = /\$\{[A-Za-z_][A-Za-z0-9_]{0,63}\}/g;

/** What is wanted instead, or undefined when the address may be written (`${NAME}` allowed). */
export function targetUrlProblem(url: string, example = "https://host/mcp"): string | undefined {
  const concrete = url.replaceAll(REFERENCES, "x");
  const parsed = URL.parse(concrete);
  if (parsed === null) return `a URL like ${example}`;
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") return "an http or https URL";
  if (parsed.username !== "" || parsed.password !== "") {
    return 'a URL without user and password: use "headers" for credentials';
  }
  if (parsed.hash !== "") return "a URL without a fragment";
  return undefined;
}

/** Headers that belong to the connection or to the protocol: we write them ourselves. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "content-type",
  "accept",
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "origin",
  "mcp-session-id",
  "mcp-protocol-version",
  "mcp-method",
  "mcp-name",
  "last-event-id",
]);

/** RFC 9110 section 5.6.2 token; values without control characters (section 5.5). */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]{0,8192}$/;

/** What is wanted instead, or undefined. */
export function headerProblem(name: string, value: string): string | undefined {
  if (!HEADER_NAME.test(name)) return "a header name of letters, digits and -";
  if (OWN_HEADERS.has(name.toLowerCase()))
    return "another header: the gateway sets this one itself";
  if (!HEADER_VALUE.test(value)) return "a value on one line, at most 8192 characters of Latin-1";
  return undefined;
}

/** What is wanted instead of a key that goes out as `Authorization: Bearer …`, or undefined. */
export function apiKeyProblem(key: string): string | undefined {
  // Both come of copying too much, and a provider only says that the key is wrong.
  if (/^bearer\s/i.test(key)) return 'the key alone, without "Bearer"';
  return (
    headerProblem("authorization", key) ?? (/\s/.test(key) ? "a key without spaces" : undefined)
  );
}

/** Names that resolve inside a network, whatever they resolve to. */
const LOCAL_NAMES =
  /(^|\.)(localhost|local|internal|intranet|lan|home|corp|svc|home\.arpa|localdomain)$/;

/**
 * Whether an address points into a private network: loopback, RFC 1918, link-local with cloud
 * metadata, carrier NAT, multicast, and the IPv6 forms that carry an IPv4 address (mapped, 6to4,
 * NAT64, translated, Teredo: CVE-2026-44430). URL parsing has already turned every spelling of IPv4 into dotted form.
 */
export function isPrivateTarget(url: URL): boolean {
  const host = url.hostname.toLowerCase().replace(/\.$/, "");
  if (host.startsWith("[")) return isPrivateIpv6(host.slice(1, -1));
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return isPrivateIpv4(host.split(".").map(Number));
  // A name without a dot is a name of the local network.
  return !host.includes(".") || LOCAL_NAMES.test(host);
}

function isPrivateIpv4([a = 0, b = 0, c = 0]: readonly number[]): boolean {
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 100 && b >= 64 && b <= 127) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    (a === 192 && b === 0 && (c === 0 || c === 2)) ||
    (a === 198 && (b === 18 || b === 19))
  );
}

function isPrivateIpv6(address: string): boolean {
  const groups = expandIpv6(address);
  const [first = 0, second = 0] = groups;
  const tail = groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]);
  // ::, ::1, and IPv4 that is mapped, compatible or translated (RFC 2765): nothing there is public.
  if (groups.slice(0, 4).every((group) => group === 0)) return true;
  if (first === 0x2001 && second === 0) return true; // Teredo carries one that is not written out
  if (first === 0x2002) return isPrivateIpv4([second >> 8, second & 0xff, (groups[2] ?? 0) >> 8]);
  if (first === 0x64 && second === 0xff9b) return isPrivateIpv4(tail);
  return (first & 0xfe00) === 0xfc00 || (first & 0xff80) === 0xfe80 || (first & 0xff00) === 0xff00;
}

function expandIpv6(address: string): readonly number[] {
  const [head = "", rest] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = rest === undefined || rest === "" ? [] : rest.split(":");
  const zeros = rest === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(Math.max(0, zeros)).fill("0"), ...right].map((group) =>
    Number.parseInt(group, 16),
  );
}
