import * as z from "zod";
import type { ToolReview, ToolVerdict } from "../catalog/tool-review.ts";
import { GatewayError } from "../core/errors.ts";

/** What a backend has at most. */
const MAX_VERDICTS = 5_000;
const MAX_NAME = 10_000;

const VERDICTS = z.strictObject({
  verdicts: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(MAX_NAME),
        hash: z.string().regex(/^[0-9a-f]{64}$/),
        verdict: z.enum(["approve", "refuse"]),
      }),
    )
    .min(1)
    .max(MAX_VERDICTS),
});
/** `seen`: of the answer that was looked at. */
const ALL = z.strictObject({ all: z.enum(["approve", "refuse"]), seen: z.string() });

export type Decision = z.infer<typeof VERDICTS> | z.infer<typeof ALL>;

/** Throws `invalid_params`. */
export function parseDecision(body: unknown): Decision {
  const parsed = z.union([VERDICTS, ALL]).safeParse(body);
  if (parsed.success) return parsed.data;
  throw new GatewayError(
    "invalid_params",
    'Cannot decide on tools: wanted {"verdicts": [{"name", "hash", "verdict": "approve" or "refuse"}]}, or {"all": "approve" or "refuse", "seen"}',
  );
}

/** One verdict for all that wait, as long as they are those that were seen. Throws `conflict`. */
export async function verdictsOf(
  decision: Decision,
  reviews: readonly ToolReview[],
  digestOf: (reviews: readonly ToolReview[]) => Promise<string>,
): Promise<readonly ToolVerdict[]> {
  if ("verdicts" in decision) return decision.verdicts;
  if ((await digestOf(reviews)) !== decision.seen) {
    throw new GatewayError(
      "conflict",
      'Cannot decide on all tools: what waits is not what "seen" is of any more',
    );
  }
  return reviews
    .filter(({ refused }) => !refused)
    .map(({ name, hash }) => ({ name, hash, verdict: decision.all }));
}
