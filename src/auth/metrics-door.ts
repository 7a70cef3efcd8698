import type { SnapshotSource } from "../config/snapshot.ts";
import { sha256Hex } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import { isApiKey } from "./api-key.ts";
import { readBearer } from "./bearer.ts";
import type { KeyStore } from "./key-store.ts";
import { type OwnerCheck, requireOwner } from "./owner.ts";
import { OWNER_ID } from "./user-id.ts";

export type MetricsDoorNeeds = Readonly<{
  owner: OwnerCheck;
  keys: Pick<KeyStore, "find">;
  snapshots: SnapshotSource;
  now: () => number;
}>;

export type MetricsDoor = (
  request: Request,
  ownOrigin: string,
  context: Readonly<{ waitUntil: (work: Promise<unknown>) => void }>,
) => Promise<void>;

/**
 * Who may read the counters, which tell of everybody's work: the owner, and a key made for that
 * alone. Throws `unauthorized`, `forbidden`, `rate_limited`.
 */
export function createMetricsDoor({ owner, keys, snapshots, now }: MetricsDoorNeeds): MetricsDoor {
  return async (request, ownOrigin, context) => {
    const token = readBearer(request);
    if (token === undefined) return requireOwner(owner, request, ownOrigin);
    const record = isApiKey(token)
      ? await keys.find(await sha256Hex(token), await snapshots.current(context))
      : undefined;
    if (record === undefined || (record.expiresAt ?? Infinity) <= now()) {
      throw new GatewayError("unauthorized", "Cannot read the metrics: the key is not valid here");
    }
    // What a person makes for themselves must not show them everybody.
    if (record.metrics === true && (record.user ?? OWNER_ID) === OWNER_ID) return;
    throw new GatewayError(
      "forbidden",
      'Cannot read the metrics: this key is not for them, which need one made with "metrics"',
    );
  };
}
