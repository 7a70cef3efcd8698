import type { RecordEvent } from "../telemetry/audit-trail.ts";
import type { BackendStub } from "./backend-stub.ts";

/** What the owner's pages ask of a backend's object; a stub is no plain object, so it is wrapped. */
type Decided = Pick<BackendStub, "listing" | "reviews" | "decide">;

/** Tells the audit of each tool that was approved or refused. `owner`: whose word it was. */
export function recordingVerdicts(
  stub: Decided,
  { backend, owner }: Readonly<{ backend: string; owner: string }>,
  record: RecordEvent,
): Decided {
  return {
    listing: () => stub.listing(),
    reviews: () => stub.reviews(),
    async decide(verdicts) {
      const decided = await stub.decide(verdicts);
      if (!decided.ok) return decided;
      for (const { name, verdict } of verdicts) {
        const kind = verdict === "approve" ? "tool_approved" : "tool_refused";
        record({ kind, userId: owner, backend, target: name });
      }
      return decided;
    },
  };
}
