import type { AuditEvent } from "./audit-event.ts";

/** The part of a Workers Analytics Engine dataset that is used; writing never waits. */
export type Dataset = Readonly<{
  writeDataPoint: (point: {
    indexes: string[];
    blobs: (string | null)[];
    doubles: number[];
  }) => void;
}>;

/** Bytes of an index; what is sampled is sampled by it. */
const MAX_INDEX = 96;
/** All blobs of a point together have 16 KB. */
const MAX_BLOB = 200;

/**
 * Writes each event as a data point. Index: the backend. Blobs: kind, user, surface, method,
 * backend, target, outcome, code, client, credential. Doubles: milliseconds, tokens in, tokens out.
 */
export function callPoints(dataset: Dataset): (event: AuditEvent) => void {
  return (event) => {
    const { kind = "call", userId, surface, method, backend, target, outcome, code } = event;
    const { client, credentialId, ms, tokens } = event;
    const blobs = [kind, userId, surface, method, backend, target, outcome, code, client];
    try {
      dataset.writeDataPoint({
        indexes: [backend.slice(0, MAX_INDEX)],
        blobs: [...blobs, credentialId].map((blob) => blob?.slice(0, MAX_BLOB) ?? null),
        doubles: [ms, tokens?.input ?? 0, tokens?.output ?? 0],
      });
    } catch {
      // Beyond 250 points a request it refuses: the audit has them all the same.
    }
  };
}
