import type { BackendStub } from "../backends/backend-stub.ts";
import type { ToolReview } from "../catalog/tool-review.ts";
import { createShadowFinder, type Neighbour } from "../catalog/tool-shadows.ts";
import type { BackendConfig } from "../config/gateway-config.ts";
import { createAtOnce } from "../core/at-once.ts";

export type WaitingNeeds = Readonly<{
  backend: (name: string) => Pick<BackendStub, "listing" | "reviews">;
  backends: readonly Pick<BackendConfig, "name">[];
}>;

/** Six requests may wait at once in one invocation. */
const NEIGHBOURS_AT_ONCE = 5;
/** A look at one backend does not read everybody's listings. */
const MAX_NEIGHBOURS = 100;

/**
 * The tools of a backend that somebody has to look at, with what is odd about them beside the tools
 * of other backends: their objects do not know of each other.
 */
export async function findWaiting(
  name: string,
  { backend, backends }: WaitingNeeds,
): Promise<readonly ToolReview[]> {
  const reviews = await backend(name).reviews();
  if (reviews.length === 0) return reviews;
  const atOnce = createAtOnce(NEIGHBOURS_AT_ONCE);
  const others = backends.filter((other) => other.name !== name).slice(0, MAX_NEIGHBOURS);
  const neighbours = await Promise.all(
    others.map((other) =>
      atOnce(async (): Promise<Neighbour> => {
        const listing = await backend(other.name).listing();
        const tools = (listing?.tools ?? []).map((tool) => tool.name);
        return { backend: other.name, tools };
      }),
    ),
  );
  const shadowsOf = createShadowFinder(neighbours);
  return reviews.map((review) => ({
    ...review,
    findings: [...review.findings, ...shadowsOf(review.now)],
  }));
}
