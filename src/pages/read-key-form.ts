import type { NewKey } from "../auth/key-store.ts";
import { limitsSchema, type Limits } from "../config/limits-config.ts";
import { APPROVALS, type Approvals } from "../config/llm-config.ts";
import { OPEN_WEBUI_TRUSTS } from "../config/open-webui-config.ts";
import { GatewayError } from "../core/errors.ts";
import { isEmptyScope, linesOf, readScope } from "./read-scope.ts";

/** Seconds, and how a person says it. */
export const EXPIRIES = [
  ["86400", "a day"],
  ["604800", "a week"],
  ["2592000", "30 days"],
  ["7776000", "90 days"],
  ["31536000", "a year"],
  ["", "ever, until it is revoked"],
] as const;

export type KeyWish = Omit<NewKey, "user">;

/** What every visitor may ask of a key of their own. Throws `invalid_params`. */
export function readKeyForm(form: URLSearchParams, now: number): KeyWish {
  if (isEmptyScope(form)) throw invalid("tick what it may use, or choose everything");
  const seconds = form.get("expires") ?? "";
  if (!EXPIRIES.some(([known]) => known === seconds)) throw invalid("choose how long it is good");
  const models = linesOf(form.get("models"));
  return {
    name: form.get("name") ?? "",
    access: readScope(form),
    ...(seconds === "" ? {} : { expiresAt: now + Number(seconds) * 1_000 }),
    ...(form.get("readOnly") === "yes" ? { readOnly: true } : {}),
    ...(form.get("search") === "yes" ? { mode: "search" as const } : {}),
    ...(form.get("resourceTools") === "yes" ? { resourceTools: true } : {}),
    ...(models.length === 0 ? {} : { models }),
    // The gateway's own word may be stricter than "never" and "ask": see the owner's form.
    ...(form.get("approvals") === "always" ? { approvals: "always" as const } : {}),
  };
}

/** The same with what only the owner decides. */
export function readOwnersKeyForm(form: URLSearchParams, now: number): KeyWish {
  const connect = linesOf(form.get("connect"));
  const wish = readKeyForm(form, now);
  if (connect.length > 0) {
    const { name, expiresAt } = wish;
    return { name, connect, ...(expiresAt === undefined ? {} : { expiresAt }) };
  }
  const limits = readLimits(form);
  const approvals = readApprovals(form);
  const openWebui = OPEN_WEBUI_TRUSTS.find((trust) => trust === form.get("openWebui"));
  return {
    ...wish,
    ...(limits === undefined ? {} : { limits }),
    ...(approvals === undefined ? {} : { approvals }),
    ...(openWebui === undefined ? {} : { openWebui }),
  };
}

export function readApprovals(form: URLSearchParams): Approvals | undefined {
  return APPROVALS.find((one) => one === form.get("approvals"));
}

const LIMITS = { concurrent: "calls at once", perMinute: "calls a minute", perDay: "calls a day" };

/** Throws `invalid_params`. */
export function readLimits(form: URLSearchParams): Limits | undefined {
  const given = Object.keys(LIMITS).flatMap((name) => {
    const text = (form.get(name) ?? "").trim();
    return text === "" ? [] : [[name, /^\d{1,9}$/.test(text) ? Number(text) : text] as const];
  });
  if (given.length === 0) return undefined;
  const parsed = limitsSchema.safeParse(Object.fromEntries(given));
  if (parsed.success) return parsed.data;
  const wrong = Object.entries(LIMITS).find(([name]) => name === parsed.error.issues[0]?.path[0]);
  throw new GatewayError(
    "invalid_params",
    `Cannot set limits: ${wrong?.[1] ?? "each"} must be a whole number above 0 and not beyond reason`,
  );
}

function invalid(reason: string): GatewayError {
  return new GatewayError("invalid_params", `Cannot create a key: ${reason}`);
}
