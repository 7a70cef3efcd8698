import type * as z from "zod";
import { readBoundedText } from "../core/bounded-read.ts";
import { withDeadline } from "../core/deadline.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject } from "../core/json.ts";
import { isLoopbackHost } from "../core/loopback-host.ts";
import { type Fetch, isRedirect } from "../core/outbound.ts";
import { isPrivateTarget, targetUrlProblem } from "../core/target-rules.ts";

/** One step of a login; a person is waiting in front of a browser. */
const STEP_MS = 10_000;
/** Metadata and tokens; the longest real ones are a tenth of it. */
const MAX_BODY = 256 * 1_024;
const MAX_REDIRECTS = 3;

/** The backend whose login it is: what it names is only fetched where it could be itself. */
export type LoginSite = Readonly<{
  backend: string;
  /** Of the MCP server. */
  url: string;
  privateOrigins: readonly string[];
  fetch: Fetch;
}>;

/** Throws `backend_unavailable`: `Cannot log in: backend "x" …`. */
export function loginFailure(
  { backend }: Pick<LoginSite, "backend">,
  reason: string,
  detail?: string,
): GatewayError {
  return new GatewayError(
    "backend_unavailable",
    `Cannot log in: backend "${backend}" ${reason}`,
    detail === undefined ? {} : { detail },
  );
}

/**
 * What a backend or its authorization server names may be anything: another scheme, a host of our
 * own network, plain http. A server of a private network may name others of the same host only.
 */
export function requireLoginUrl(site: LoginSite, text: string, what: string): URL {
  const problem = targetUrlProblem(text);
  const url = URL.parse(text);
  if (problem !== undefined || url === null) {
    throw loginFailure(site, `names ${what} that is not ${problem ?? "a URL"}`);
  }
  if (site.privateOrigins.includes(url.origin) || isNeighbour(site, url)) return url;
  if (isPrivateTarget(url)) throw loginFailure(site, `names ${what} in a private network`);
  if (url.protocol !== "https:") throw loginFailure(site, `names ${what} without https`);
  return url;
}

function isNeighbour({ url, privateOrigins }: LoginSite, named: URL): boolean {
  const own = new URL(url);
  if (!privateOrigins.includes(own.origin) || !isPrivateTarget(own)) return false;
  const bothHere = isLoopbackHost(own.hostname) && isLoopbackHost(named.hostname);
  return bothHere || own.hostname === named.hostname;
}

/** A document at a guarded address; undefined where there is none of this kind. */
export async function fetchDocument<Value>(
  site: LoginSite,
  address: URL,
  schema: z.ZodType<Value>,
): Promise<Value | undefined> {
  const answer = await request(site, address, {
    headers: { accept: "application/json", "mcp-protocol-version": "2025-11-25" },
  });
  if (answer.status !== 200) return undefined;
  return schema.safeParse(answer.json).data;
}

export type Answered = Readonly<{ status: number; headers: Headers; json: unknown }>;

/** Redirects are followed for what has no body, each after the guard. */
export async function request(site: LoginSite, address: URL, init: RequestInit): Promise<Answered> {
  try {
    return await withDeadline(STEP_MS, async (signal) => {
      let url = address;
      for (let hops = 0; ; hops += 1) {
        const response = await site.fetch(url.href, { ...init, redirect: "manual", signal });
        const location = response.headers.get("location");
        if (!isRedirect(response.status) || location === null || init.body !== undefined) {
          return await readAnswer(response);
        }
        await response.body?.cancel().catch(() => {}); // nothing of it is needed
        if (hops >= MAX_REDIRECTS) throw loginFailure(site, "answers with one redirect too many");
        const next = URL.parse(location, url);
        url = requireLoginUrl(site, next?.href ?? location, "a redirect");
      }
    });
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw loginFailure(
      site,
      `has an authorization server that could not be reached (${address.host.slice(0, 200)})`,
      error instanceof Error ? error.message : String(error),
    );
  }
}

async function readAnswer(response: Response): Promise<Answered> {
  const { status, headers } = response;
  const text = await readBoundedText(response, MAX_BODY, "the authorization server's answer");
  return { status, headers, json: asJson(text) };
}

/** Members that are null are not there: some servers write all they know of. */
function asJson(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    if (!isJsonObject(json)) return json;
    return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
  } catch {
    return undefined; // a page, or nothing: what it was is seen by its status
  }
}
