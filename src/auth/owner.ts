import type { Registry } from "../config/registry.ts";
import { secretsEqual, sha256Hex } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import { attemptSource } from "./attempt-source.ts";
import { readBasicPassword } from "./basic.ts";
import { BoundedMemory } from "./bounded-memory.ts";

/** Per address: a person who mistypes, not a program that guesses. */
const TRIES_PER_SOURCE = 10;
/** From everywhere together, against guessing from many addresses. */
const TRIES_OVERALL = 300;
const WINDOW_MS = 10 * 60 * 1_000;
/**
 * Basic authentication sends the password with every request. An address that was right is not
 * counted again for this long; only it, or a correct guess would slip through a closed window.
 */
const RIGHT_MS = 5 * 60 * 1_000;
const MAX_RIGHT = 100;
const MAX_PASSWORD = 1_024;

export type OwnerVerdict =
  | Readonly<{ kind: "owner" }>
  | Readonly<{ kind: "wrong" }>
  | Readonly<{ kind: "wait"; seconds: number }>
  /** OWNER_PASSWORD is not set: nobody is the owner, rather than everybody. */
  | Readonly<{ kind: "disabled" }>;

export type OwnerCheck = Readonly<{
  enabled: boolean;
  check: (password: string, request: Request) => Promise<OwnerVerdict>;
}>;

export type OwnerNeeds = Readonly<{
  /** OWNER_PASSWORD. */
  password: string | undefined;
  registry: () => Pick<Registry, "countAttempt">;
  /** Somebody has tried another password; as often as the bounds above let them. */
  onWrong?: () => void;
  now: () => number;
}>;

export function createOwnerCheck({ password, registry, onWrong, now }: OwnerNeeds): OwnerCheck {
  if (password === undefined || password === "") {
    return { enabled: false, check: async () => ({ kind: "disabled" }) };
  }
  const right = new BoundedMemory<number>(MAX_RIGHT);

  async function mayTry(source: string): Promise<number | undefined> {
    const buckets = [
      { bucket: `owner:${source}`, limit: TRIES_PER_SOURCE, windowMs: WINDOW_MS },
      { bucket: "owner", limit: TRIES_OVERALL, windowMs: WINDOW_MS },
    ];
    for (const attempt of buckets) {
      // One after the other: what an address is refused does not use up everybody's tries.
      // oxlint-disable-next-line no-await-in-loop
      const verdict = await registry().countAttempt(attempt);
      if (!verdict.allowed) return verdict.retryAfter;
    }
    return undefined;
  }

  return {
    enabled: true,
    async check(given, request) {
      if (given === "" || given.length > MAX_PASSWORD) return { kind: "wrong" };
      const source = attemptSource(request);
      const memory = await sha256Hex(`${source}\n${given}`);
      if ((right.get(memory) ?? 0) > now()) return { kind: "owner" };
      const wait = await mayTry(source);
      if (wait !== undefined) return { kind: "wait", seconds: wait };
      if (!(await secretsEqual(given, password))) {
        onWrong?.();
        return { kind: "wrong" };
      }
      right.set(memory, now() + RIGHT_MS);
      return { kind: "owner" };
    },
  };
}

/** What a 401 of the admin plane carries. */
export const OWNER_CHALLENGE = 'Basic realm="mcp-edge-gateway", charset="UTF-8"';

/**
 * The admin plane: HTTP Basic with the owner's password and any user name. Browsers add Basic
 * credentials to requests that other pages cause, so those are refused first. Throws
 * `unauthorized`, `forbidden`, `rate_limited`.
 */
export async function requireOwner(
  owner: OwnerCheck,
  request: Request,
  ownOrigin: string,
): Promise<void> {
  if (!owner.enabled) {
    throw new GatewayError("forbidden", "Cannot open the admin pages: OWNER_PASSWORD is not set");
  }
  if (isFromAnotherSite(request, ownOrigin)) {
    throw new GatewayError("forbidden", "Cannot open the admin pages from another site");
  }
  const verdict = await owner.check(readBasicPassword(request) ?? "", request);
  switch (verdict.kind) {
    case "owner":
      return;
    case "wait":
      throw new GatewayError("rate_limited", "Cannot check the password: too many attempts", {
        retryAfter: verdict.seconds,
      });
    case "wrong":
    case "disabled":
      throw new GatewayError("unauthorized", "Cannot open the admin pages: wrong owner password");
    default:
      throw new TypeError(`unknown verdict ${JSON.stringify(verdict satisfies never)}`);
  }
}

/**
 * Whether a page of another site caused this request. A form on a page with `Referrer-Policy:
 * no-referrer` sends `Origin: null` even to its own site, so `Sec-Fetch-Site` decides where it is
 * sent. Following a link here is allowed: a GET changes nothing.
 */
export function isFromAnotherSite(request: Request, ownOrigin: string): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site === "same-origin" || site === "none") return false;
  if (site !== null) {
    const followed = request.headers.get("sec-fetch-mode") === "navigate";
    return !(followed && (request.method === "GET" || request.method === "HEAD"));
  }
  const origin = request.headers.get("origin");
  return origin !== null && origin !== ownOrigin;
}
