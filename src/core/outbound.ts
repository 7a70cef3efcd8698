import { GatewayError } from "./errors.ts";
import { isPrivateTarget, targetUrlProblem } from "./target-rules.ts";

/** What every request to a backend is made with; the platform's `fetch` in production. */
export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** What a message about a backend begins with: `Cannot ${action}: backend "${backend}" …`. */
export type Blame = Readonly<{
  action: string;
  backend: string;
  /** What it is called where it is not a backend. */
  noun?: "backend" | "provider";
}>;

/** What the address of a provider looks like, without the path of a request. */
const PROVIDER_URL = "https://host/v1";

export type Target = Readonly<{ url: string; privateOrigins: readonly string[] }>;

/**
 * Checked again at the moment of use: `${NAME}` may have resolved to anything, and local runtimes
 * do not refuse private addresses (SSRF). Plain http would show the credential to the network, so
 * it is accepted only where the owner of the machine wrote it.
 */
export function requireAllowedTarget({ url, privateOrigins }: Target, blame: Blame): URL {
  const problem = targetUrlProblem(url, blame.noun === "provider" ? PROVIDER_URL : undefined);
  if (problem !== undefined) throw refused(blame, `needs ${problem}`);
  const parsed = new URL(url);
  if (privateOrigins.includes(parsed.origin)) return parsed;
  if (isPrivateTarget(parsed)) {
    throw refused(blame, "has a private address, which only the local config file may name");
  }
  if (parsed.protocol !== "https:") throw refused(blame, "needs an https URL");
  return parsed;
}

export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304;
}

/**
 * Requests are made with `redirect: "manual"`. One 307 or 308 within the same origin is followed
 * (a missing trailing slash); anything else would carry the credential to somebody the config does
 * not name, or turn the POST into a GET.
 */
export async function followWithinOrigin(
  response: Response,
  redo: (url: string) => Promise<Response>,
  { url, blame }: { url: string; blame: Blame },
): Promise<Response> {
  const location = response.headers.get("location");
  await response.body?.cancel().catch(() => {}); // nothing of it is needed
  const next = location === null ? null : URL.parse(location, url);
  const keepsMethod = response.status === 307 || response.status === 308;
  if (!keepsMethod || next === null || next.origin !== new URL(url).origin) {
    throw redirected(blame, next?.origin);
  }
  const second = await redo(next.href);
  if (!isRedirect(second.status)) return second;
  await second.body?.cancel().catch(() => {}); // nothing of it is needed
  throw redirected(blame, undefined);
}

function refused({ action, backend, noun = "backend" }: Blame, reason: string): GatewayError {
  return new GatewayError(
    "backend_unavailable",
    `Cannot ${action}: ${noun} "${backend}" ${reason}`,
  );
}

function redirected(blame: Blame, origin: string | undefined): GatewayError {
  const where = origin === undefined ? "" : ` to ${origin.slice(0, 200)}`;
  return refused(
    blame,
    `answered with a redirect${where}, which is not followed: configure the final URL`,
  );
}
