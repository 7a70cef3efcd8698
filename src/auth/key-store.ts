import type { Registry, SnapshotData } from "../config/registry.ts";
import { sha256Hex } from "../core/digest.ts";
import { createAtOnce } from "../core/at-once.ts";
import { GatewayError } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import {
  keyOptions,
  makeApiKey,
  parseApiKeyRecord,
  type ApiKeyRecord,
  type KeyOptions,
} from "./api-key.ts";
import { FULL_ACCESS, type AccessRules } from "./caller.ts";

/** The registry lists this many records at once. */
const MAX_KEYS = 1_000;
/** One person's clients, machines and connectors; the keys of a house are not one person's to fill. */
const MAX_KEYS_OF_ONE = 100;
/** What leaves at the same time; the platform lets six connections wait. */
const AT_ONCE = 5;
const MAX_PATTERNS = 200;
const MAX_PATTERN = 200;
const MAX_NAME = 100;
/**
 * Shorter than the day a tombstone stays in every snapshot: a mirror entry that a failed delete
 * left behind is gone before its tombstone is, so it can never bring a revoked key back.
 */
const MIRROR_SECONDS = 12 * 3_600;
/** KV refuses shorter lifetimes. */
const MIN_MIRROR_SECONDS = 60;

/** The part of a KV namespace that mirrors keys. */
export type KeyMirror = Readonly<{
  get: (key: string) => Promise<string | null>;
  put: (key: string, value: string, options: { expirationTtl: number }) => Promise<void>;
  delete: (key: string) => Promise<void>;
}>;

export type NewKey = KeyOptions &
  Readonly<{
    name: string;
    access?: AccessRules | undefined;
    user?: UserId | undefined;
    /** Epoch ms. */
    expiresAt?: number | undefined;
  }>;

export type CreatedKey = Readonly<{ key: string; record: ApiKeyRecord }>;

export type KeyStore = Readonly<{
  /** `key` is shown once: only its hash is stored. Throws `invalid_params`, `conflict`. */
  create: (wanted: NewKey) => Promise<CreatedKey>;
  /** Newest first, expired ones included. */
  list: () => Promise<readonly ApiKeyRecord[]>;
  /** In force everywhere within 5 s. Throws `not_found`. */
  revoke: (id: string) => Promise<void>;
  /** All that somebody has. */
  revokeAll: (user: UserId) => Promise<void>;
  /** The record behind a key's hash, or undefined. Throws when neither KV nor registry answers. */
  find: (hash: string, snapshot: SnapshotData) => Promise<ApiKeyRecord | undefined>;
}>;

export type KeyStoreNeeds = Readonly<{
  registry: () => Pick<Registry, "getRecord" | "putRecord" | "deleteRecord" | "listRecords">;
  mirror: KeyMirror;
  now: () => number;
}>;

/**
 * Keys under `key:{sha256}`: the registry's record is the truth, KV holds a copy near the caller.
 * What changed in the last day is in every snapshot and goes first, because KV may be stale.
 */
export function createKeyStore({ registry, mirror, now }: KeyStoreNeeds): KeyStore {
  async function copy(record: ApiKeyRecord): Promise<void> {
    const left = record.expiresAt === undefined ? Infinity : (record.expiresAt - now()) / 1_000;
    if (left < MIN_MIRROR_SECONDS) return;
    await mirror.put(storageKey(record.hash), JSON.stringify(record), {
      expirationTtl: Math.floor(Math.min(MIRROR_SECONDS, left)),
    });
  }

  async function list(): Promise<readonly ApiKeyRecord[]> {
    const records = await registry().listRecords("key:");
    return records
      .flatMap(({ value }) => parseApiKeyRecord(value) ?? [])
      .toSorted((a, b) => b.createdAt - a.createdAt);
  }

  async function drop({ hash }: ApiKeyRecord): Promise<void> {
    await registry().deleteRecord(storageKey(hash));
    await mirror.delete(storageKey(hash)).catch(() => {}); // see MIRROR_SECONDS
  }

  return {
    list,
    async create(wanted) {
      const record = await toRecord(wanted, now());
      const keys = await list();
      const { user } = record.stored;
      if (user !== undefined && keys.filter((key) => key.user === user).length >= MAX_KEYS_OF_ONE) {
        throw new GatewayError(
          "conflict",
          `Cannot create a key: this person has ${MAX_KEYS_OF_ONE} already, revoke one first`,
        );
      }
      if (keys.length >= MAX_KEYS) {
        throw new GatewayError(
          "conflict",
          `Cannot create a key: there are ${MAX_KEYS} already, revoke one first`,
        );
      }
      await registry().putRecord(
        storageKey(record.stored.hash),
        JSON.stringify(record.stored),
        record.stored.expiresAt,
      );
      await copy(record.stored).catch(() => {}); // the registry answers for what KV lacks
      return { key: record.key, record: record.stored };
    },
    async revoke(id) {
      const record = (await list()).find((key) => key.id === id);
      if (record === undefined) {
        throw new GatewayError("not_found", `Cannot revoke key "${id}": there is no such key`);
      }
      await drop(record);
    },
    async revokeAll(user) {
      const records = (await list()).filter((key) => key.user === user);
      const oneOf = createAtOnce(AT_ONCE);
      await Promise.all(records.map((record) => oneOf(() => drop(record))));
    },
    async find(hash, snapshot) {
      const key = storageKey(hash);
      const recent = snapshot.recentKeys[key];
      if (recent !== undefined) return parseApiKeyRecord(recent);
      // KV failing is no answer: it must neither refuse a good key nor accept a bad one.
      const near = parseApiKeyRecord(await mirror.get(key).catch(() => null));
      if (near !== undefined) return near;
      const record = parseApiKeyRecord(await registry().getRecord(key));
      if (record !== undefined) await copy(record).catch(() => {}); // asked again next time
      return record;
    },
  };
}

async function toRecord(
  { name, access = FULL_ACCESS, user, expiresAt, ...options }: NewKey,
  now: number,
): Promise<{ key: string; stored: ApiKeyRecord }> {
  if (name.trim() === "" || name.length > MAX_NAME) {
    throw new GatewayError(
      "invalid_params",
      `Cannot create a key: its name must be 1 to ${MAX_NAME} characters`,
    );
  }
  if (expiresAt !== undefined && !(expiresAt > now)) {
    throw new GatewayError("invalid_params", "Cannot create a key: its expiry is in the past");
  }
  requirePatterns("access", [...access.allow, ...access.deny]);
  requirePatterns("models", options.models ?? []);
  requirePatterns("connect", options.connect ?? []);
  const key = makeApiKey();
  const hash = await sha256Hex(key);
  return {
    key,
    stored: {
      // From a second random source, so that an id in a log says nothing about the hash.
      id: `key-${crypto.randomUUID().slice(0, 13)}`,
      hash,
      name: name.trim(),
      createdAt: now,
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(user === undefined ? {} : { user }),
      access: { allow: [...access.allow], deny: [...access.deny] },
      ...keyOptions.parse(options),
    },
  };
}

function requirePatterns(what: string, patterns: readonly string[]): void {
  const isBounded = patterns.every((one) => one !== "" && one.length <= MAX_PATTERN);
  if (patterns.length <= MAX_PATTERNS && isBounded) return;
  throw new GatewayError(
    "invalid_params",
    `Cannot create a key: ${what} takes up to ${MAX_PATTERNS} patterns of 1 to ${MAX_PATTERN} characters`,
  );
}

function storageKey(hash: string): string {
  return `key:${hash}`;
}
