import * as z from "zod";
import { limitsSchema } from "../config/limits-config.ts";
import { APPROVALS, PROGRESS_STYLES } from "../config/llm-config.ts";
import { OPEN_WEBUI_TRUSTS } from "../config/open-webui-config.ts";
import { randomToken } from "../core/digest.ts";
import { LIST_MODES } from "./caller.ts";

/** Recognisable by secret scanners; 32 random bytes follow. */
const PREFIX = "mgw_";
const SHAPE = /^mgw_[A-Za-z0-9_-]{43}$/;

const accessRules = z.object({
  allow: z.array(z.string()),
  deny: z.array(z.string()),
});

/** What a key says of its callers beyond whom it lets where; see `Caller`. */
export const keyOptions = z.object({
  resourceTools: z.boolean().optional(),
  models: z.array(z.string()).readonly().optional(),
  progress: z.enum(PROGRESS_STYLES).optional(),
  approvals: z.enum(APPROVALS).optional(),
  openWebui: z.enum(OPEN_WEBUI_TRUSTS).optional(),
  readOnly: z.boolean().optional(),
  mode: z.enum(LIST_MODES).optional(),
  limits: limitsSchema.readonly().optional(),
  /** Globs of the backends it may bring as a connector; such a key is good for nothing else. */
  connect: z.array(z.string()).readonly().optional(),
  /** Reads `/metrics`, and is good for nothing else. */
  metrics: z.boolean().optional(),
});

export type KeyOptions = Readonly<z.infer<typeof keyOptions>>;

/** What is kept of a key; the key itself is shown once and stored nowhere. Times are epoch ms. */
export const apiKeyRecord = z.object({
  id: z.string(),
  /** SHA-256 of the key, hex. */
  hash: z.string(),
  name: z.string(),
  createdAt: z.number(),
  expiresAt: z.number().optional(),
  /** Whose it is: it acts as that user, under their rules. Without: a user of its own. */
  user: z.string().optional(),
  access: accessRules,
  ...keyOptions.shape,
});

export type ApiKeyRecord = Readonly<z.infer<typeof apiKeyRecord>>;

export function makeApiKey(): string {
  return `${PREFIX}${randomToken(32)}`;
}

/** Whether a text could be one of our keys; everything else is refused without a lookup. */
export function isApiKey(text: string): boolean {
  return text.startsWith(PREFIX) && SHAPE.test(text);
}

/** The record in a stored text; undefined for a tombstone and for what is not a record. */
export function parseApiKeyRecord(text: string | null): ApiKeyRecord | undefined {
  if (text === null) return undefined;
  try {
    return apiKeyRecord.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // not JSON: refused like a key that is not there
  }
}
