import * as z from "zod";
import { keyOptions, type ApiKeyRecord } from "../auth/api-key.ts";
import type { NewKey } from "../auth/key-store.ts";
import { isUserId } from "../auth/user-id.ts";
import { GatewayError } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

/** Ten years; a longer one is meant to be without end. */
const MAX_SECONDS = 10 * 366 * 86_400;

const patterns = z.array(z.string()).default([]);

/** As config keys are often spelt, and as other gateways call them. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ["ttl", "expiresInSeconds"],
  ["resource_tools", "resourceTools"],
  ["open_webui", "openWebui"],
  ["read_only", "readOnly"],
]);

/** Strict: a misspelt `deny` must not make a key that may do everything. */
const KEY_REQUEST = z.strictObject({
  name: z.string(),
  expiresInSeconds: z.int().min(1).max(MAX_SECONDS).optional(),
  allow: patterns,
  deny: patterns,
  user: z.string().optional(),
  ...keyOptions.shape,
  // An empty list could be meant as none or as all.
  models: z.array(z.string()).min(1).readonly().optional(),
  connect: z.array(z.string()).min(1).readonly().optional(),
});

type KeyRequest = z.infer<typeof KEY_REQUEST>;

export function parseKeyRequest(body: unknown, now: number): NewKey {
  const parsed = KEY_REQUEST.safeParse(isJsonObject(body) ? withOneName(body) : body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where =
      issue === undefined || issue.path.length === 0 ? "" : ` "${issue.path.join(".")}"`;
    throw invalid(`${where} is not valid: ${issue?.message ?? "unknown"}`);
  }
  const { expiresInSeconds, allow, deny, user, ...rest } = parsed.data;
  requireOneUse(parsed.data);
  return {
    ...rest,
    access: { allow, deny },
    ...(user === undefined ? {} : { user: asUser(user) }),
    ...(expiresInSeconds === undefined ? {} : { expiresAt: now + expiresInSeconds * 1_000 }),
  };
}

const OF_EVERY_KEY: ReadonlySet<string> = new Set(["name", "expiresInSeconds", "user"]);

/** What needs no tools. A key that says both was meant otherwise. */
const USES = [
  { option: "connect", are: "connectors" },
  { option: "metrics", are: "metrics" },
] as const;

function requireOneUse(request: KeyRequest): void {
  for (const { option, are } of USES) {
    if (isNothing(request[option])) continue;
    const [other] =
      Object.entries(request).find(
        ([key, value]) => key !== option && !OF_EVERY_KEY.has(key) && !isNothing(value),
      ) ?? [];
    if (other === undefined) continue;
    throw invalid(`: "${option}" makes a key for ${are} alone, leave out "${other}"`);
  }
}

function asUser(text: string): UserId {
  if (isUserId(text)) return text;
  throw invalid(` "user" is not valid: it must be the id of a person`);
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === false || (Array.isArray(value) && value.length === 0);
}

function withOneName(body: JsonObject): JsonObject {
  const named: Record<string, JsonValue | undefined> = { ...body };
  for (const [other, name] of OTHER_NAMES) {
    if (named[other] === undefined) continue;
    if (named[name] !== undefined) throw invalid(`: give either "${name}" or "${other}"`);
    named[name] = named[other];
    delete named[other];
  }
  return named;
}

function invalid(reason: string): GatewayError {
  return new GatewayError("invalid_params", `Cannot create a key: its request${reason}`);
}

/** A key as the owner sees it later: neither the key nor its hash. */
export function describeKey(record: ApiKeyRecord, now: number): Record<string, unknown> {
  const { id, name, createdAt, expiresAt, access, resourceTools = false } = record;
  const { user, models, progress, approvals, openWebui, connect, mode, limits } = record;
  return {
    id,
    name,
    user: user ?? null,
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
    expired: expiresAt !== undefined && expiresAt <= now,
    allow: access.allow,
    deny: access.deny,
    resourceTools,
    models: models ?? null,
    progress: progress ?? null,
    approvals: approvals ?? null,
    openWebui: openWebui ?? null,
    readOnly: record.readOnly ?? false,
    mode: mode ?? null,
    limits: limits ?? null,
    connect: connect ?? null,
    metrics: record.metrics ?? false,
  };
}
