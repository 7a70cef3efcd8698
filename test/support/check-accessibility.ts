import { createRequire } from "node:module";
import type { Page } from "playwright-core";

type Violation = { id: string; impact: string; nodes: { html: string; failureSummary?: string }[] };

const axe: { source: string } = createRequire(import.meta.url)("axe-core");

/** What axe finds serious or critical on the page as it stands; empty is good. */
export async function seriousFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate<Violation[]>(
    "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)",
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)}`));
}

/** Whether all of it fits: a page that scrolls sideways does not. */
export function fitsWidth(page: Page): Promise<boolean> {
  return page.evaluate(
    "document.scrollingElement.scrollWidth <= document.scrollingElement.clientWidth",
  );
}
