import type { ErrorCode } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Blame } from "../core/outbound.ts";
import { MASK, redactText } from "../core/redact.ts";
import type { Tried } from "./attempt.ts";
import { type Finer, ProviderError } from "./provider-error.ts";
import type { ProviderTarget } from "./provider-target.ts";
import type { ProviderWords } from "./provider-words.ts";
import { findRejectedTool } from "./rejected-tool.ts";

/** Enough for any reason, too little for a page. */
const MAX_WORDS = 600;
const MAX_PARAM = 100;
/** A header's value shorter than this is no secret, and may be part of any word. */
const MIN_SECRET = 8;

export type Refused = Readonly<{
  status: number;
  /** Undefined: nothing that one could show, a page of a proxy perhaps. */
  words: ProviderWords | undefined;
  headers: Headers | undefined;
  target: ProviderTarget | undefined;
  blame: Blame;
  /** As they were sent. */
  tools: readonly JsonObject[];
  now: () => number;
}>;

/** Mostly the address is that of the server alone, as Ollama tells it. */
const NOTHING_THERE = 'has nothing at its configured address (status 404): most end in "/v1"';

/** As OpenAI, Azure, LM Studio and llama.cpp say it of a path they do not know. */
const NO_SUCH_PATH = /^(?:file |resource )?not found\.?$|\b(?:get|post) \//i;

type Meaning = Readonly<{
  code: ErrorCode;
  /** After `provider "x" `. */
  says: string;
  finer?: Finer;
  /** Its own words are shown. */
  quotes: boolean;
}>;

/** What an answer of 400 and above, or an error in any other, means to the caller. */
export function refusalOf(refused: Refused): Extract<Tried<never>, { kind: "failed" }> {
  const { words, headers, blame, tools } = refused;
  const status = words?.status ?? refused.status;
  const { code, says, finer, quotes } = meaningOf(status, words);
  const own = withoutSecrets(words?.message, refused.target);
  const rejectedTool =
    code === "invalid_params" && words !== undefined ? findRejectedTool(words, tools) : undefined;
  const retryAfter = headers === undefined ? undefined : askedToWait(headers, refused.now());
  const quoted = quotes && own !== undefined ? `: ${own}` : "";
  const error = new ProviderError(
    code,
    `Cannot ${blame.action}: provider "${blame.backend}" ${says}${quoted}`,
    {
      ...(finer === undefined ? {} : { finer }),
      ...(own === undefined ? {} : { detail: `status ${status}: ${own}` }),
      ...(rejectedTool === undefined ? {} : { rejectedTool }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    },
  );
  const isOver = headers?.get("x-should-retry") === "false" || words?.code === "insufficient_quota";
  return { kind: "failed", error, again: !isOver && (status === 429 || status >= 500) };
}

/** Never the client's own 401 or 403: it would blame its key for the gateway's. */
function meaningOf(status: number, words: ProviderWords | undefined): Meaning {
  const { code, param } = words ?? {};
  switch (status) {
    case 401:
    case 403:
      return {
        code: "backend_failed",
        says: `refused the gateway's own credential (status ${status})`,
        finer: { code: "upstream_auth" },
        // Some quote the key.
        quotes: false,
      };
    case 402:
      return {
        code: "backend_failed",
        says: "wants to be paid first (status 402)",
        finer: { code: "insufficient_quota" },
        quotes: true,
      };
    case 404:
      // Without a word about a model it is no API that answers here.
      if (
        words?.message === undefined ||
        code === "unknown_url" ||
        NO_SUCH_PATH.test(words.message)
      ) {
        return {
          code: "backend_failed",
          says: NOTHING_THERE,
          quotes: false,
        };
      }
      return {
        code: "not_found",
        says: "does not have it",
        finer: { code: "model_not_found", param: "model" },
        quotes: true,
      };
    case 408:
    case 504:
      return {
        code: "backend_timeout",
        says: `gave up waiting (status ${status})`,
        quotes: true,
      };
    case 429:
      return {
        code: "rate_limited",
        says: "wants fewer requests (status 429)",
        ...(code === "insufficient_quota" ? { finer: { code } } : {}),
        quotes: true,
      };
    default:
      break;
  }
  if (status >= 400 && status < 500) {
    return {
      code: "invalid_params",
      says: `refused the request`,
      finer: finerOf(status, code, param),
      quotes: true,
    };
  }
  return { code: "backend_failed", says: `failed (status ${status})`, quotes: true };
}

function finerOf(status: number, code: string | undefined, param: string | undefined): Finer {
  const known = code !== undefined && /^[a-z][a-z0-9_]{0,60}$/.test(code) ? code : undefined;
  const finer = known ?? (status === 413 ? "request_too_large" : undefined);
  const shown =
    param !== undefined && /^[\w.[\]-]+$/.test(param) ? param.slice(0, MAX_PARAM) : undefined;
  return {
    ...(finer === undefined ? {} : { code: finer }),
    ...(shown === undefined ? {} : { param: shown }),
  };
}

/** A provider's words are data: bounded, and without what is only ours to know. */
function withoutSecrets(
  message: string | undefined,
  target: ProviderTarget | undefined,
): string | undefined {
  if (message === undefined) return undefined;
  const secrets = Object.values(target?.headers ?? {})
    .map((value) => value.replace(/^\S+ /, ""))
    .filter(({ length }) => length >= MIN_SECRET);
  const host = URL.parse(target?.url ?? "")?.host;
  const shown = [...secrets, ...(host === undefined ? [] : [host])].reduce(
    (text, secret) => text.replaceAll(secret, MASK),
    message,
  );
  return redactText(shown, MAX_WORDS) || undefined;
}

/** Seconds. */
function askedToWait(headers: Headers, now: number): number | undefined {
  const ms = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (ms >= 0) return ms / 1_000;
  const asked = headers.get("retry-after");
  if (asked === null) return undefined;
  const seconds = Number(asked);
  const wait = Number.isNaN(seconds) ? (Date.parse(asked) - now) / 1_000 : seconds;
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}
