import type { Listing } from "../catalog/listing.ts";
import { diffTools } from "../catalog/tool-diff.ts";
import type { ToolReview } from "../catalog/tool-review.ts";
import { sha256Hex } from "../core/digest.ts";

export type ToolsToDescribe = Readonly<{
  listing: Pick<Listing, "tools"> | undefined;
  reviews: readonly ToolReview[];
  disabledTools: readonly string[];
}>;

/** Every tool of a backend, under own names, and what became of it; sorted by name. */
export function describeTools({
  listing,
  reviews,
  disabledTools,
}: ToolsToDescribe): readonly Record<string, unknown>[] {
  const disabled = new Set(disabledTools);
  const served = new Set((listing?.tools ?? []).map(({ name }) => name));
  const waiting = Map.groupBy(reviews, ({ name }) => name);
  const names = [...new Set([...served, ...waiting.keys()])].toSorted();
  return names.map((name) => ({
    name,
    /** As clients see it: some version of it is there. */
    served: served.has(name) && !disabled.has(name),
    state: stateOf(disabled.has(name), waiting.get(name) ?? []),
    reviews: (waiting.get(name) ?? []).map(describeReview),
  }));
}

function stateOf(
  isDisabled: boolean,
  reviews: readonly ToolReview[],
): "served" | "disabled" | "waiting" | "refused" {
  if (isDisabled) return "disabled";
  if (reviews.some(({ refused }) => !refused)) return "waiting";
  return reviews.length > 0 ? "refused" : "served";
}

function describeReview(review: ToolReview): Record<string, unknown> {
  const { kind, hash, findings, renamedFrom, refused, firstSeen, approved, now } = review;
  return {
    kind,
    hash,
    refused,
    findings,
    renamedFrom: renamedFrom ?? null,
    firstSeen: new Date(firstSeen).toISOString(),
    ...diffTools(approved, now),
  };
}

/** Of all that waits: who approves all says by it what was seen. */
export function digestOfReviews(reviews: readonly ToolReview[]): Promise<string> {
  const waiting = reviews.filter(({ refused }) => !refused);
  return sha256Hex(JSON.stringify(waiting.map(({ name, hash }) => [name, hash])));
}
