import * as z from "zod";
import type { ApiKeyRecord } from "../auth/api-key.ts";
import type { NewKey } from "../auth/key-store.ts";
import { GatewayError } from "../core/errors.ts";

/** Ten years; a longer one is meant to be without end. */
const MAX_SECONDS = 10 * 366 * 86_400;

const lifetime = z.int().min(1).max(MAX_SECONDS).optional();
const patterns = z.array(z.string()).default([]);

/** Strict: a misspelt `deny` must not make a key that may do everything. */
const KEY_REQUEST = z
  .strictObject({
    name: z.string(),
    expiresInSeconds: lifetime,
    /** The same, as other gateways call it. */
    ttl: lifetime,
    allow: patterns,
    deny: patterns,
    /** For clients that know tools only. */
    resourceTools: z.boolean().optional(),
    /** The same, spelt as config keys often are. */
    resource_tools: z.boolean().optional(),
  })
  .refine(({ expiresInSeconds, ttl }) => expiresInSeconds === undefined || ttl === undefined, {
    message: 'give either "expiresInSeconds" or "ttl"',
  })
  .refine((key) => key.resourceTools === undefined || key.resource_tools === undefined, {
    message: 'give either "resourceTools" or "resource_tools"',
  });

export function parseKeyRequest(body: unknown, now: number): NewKey {
  const parsed = KEY_REQUEST.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where =
      issue === undefined || issue.path.length === 0 ? "" : ` "${issue.path.join(".")}"`;
    throw new GatewayError(
      "invalid_params",
      `Cannot create a key: its request${where} is not valid: ${issue?.message ?? "unknown"}`,
    );
  }
  const { name, expiresInSeconds, ttl, allow, deny, resourceTools, resource_tools } = parsed.data;
  const seconds = expiresInSeconds ?? ttl;
  return {
    name,
    access: { allow, deny },
    resourceTools: resourceTools ?? resource_tools,
    ...(seconds === undefined ? {} : { expiresAt: now + seconds * 1_000 }),
  };
}

/** A key as the owner sees it later: neither the key nor its hash. */
export function describeKey(record: ApiKeyRecord, now: number): Record<string, unknown> {
  const { id, name, createdAt, expiresAt, access, resourceTools = false } = record;
  return {
    id,
    name,
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
    expired: expiresAt !== undefined && expiresAt <= now,
    allow: access.allow,
    deny: access.deny,
    resourceTools,
  };
}
