import type { BackendName, ExposedName } from "../core/ids.ts";
import { toExposedName } from "./exposed-name.ts";
import type {
  ListedPrompt,
  ListedResource,
  ListedTemplate,
  ListedTool,
  Listing,
} from "./listing.ts";
import { toExposedUri } from "./ui-uri.ts";

/** What one backend contributes: its listing and what of it is there at all. */
export type Contribution = Readonly<{
  backend: BackendName;
  listing: Listing;
  /** Not configured away and not forbidden; hidden is the same as missing. */
  permits: (tool?: string) => boolean;
}>;

export type CatalogTool = Readonly<{
  backend: BackendName;
  ownName: string;
  exposedName: ExposedName;
  tool: ListedTool;
}>;

export type CatalogPrompt = Readonly<{
  backend: BackendName;
  ownName: string;
  exposedName: ExposedName;
  prompt: ListedPrompt;
}>;

/** Everything one caller may see, under exposed names. Maps, so that `__proto__` is just a name. */
export type Catalog = Readonly<{
  tools: ReadonlyMap<string, CatalogTool>;
  prompts: ReadonlyMap<string, CatalogPrompt>;
  /** By exposed URI. */
  resources: ReadonlyMap<string, Readonly<{ backend: BackendName; resource: ListedResource }>>;
  resourceTemplates: readonly Readonly<{ backend: BackendName; template: ListedTemplate }>[];
  /** The backends permitted as a whole, not by single tools: only their URIs may be asked for. */
  whole: ReadonlySet<BackendName>;
  warnings: readonly string[];
}>;

/** Sorted by exposed name, deterministic whatever the order of arrival (MCP 2026-07-28, tools/list). */
export function mergeListings(contributions: readonly Contribution[]): Catalog {
  const warnings: string[] = [];
  const tools: CatalogTool[] = [];
  const prompts: CatalogPrompt[] = [];
  const resources = new Map<string, { backend: BackendName; resource: ListedResource }>();
  const resourceTemplates: { backend: BackendName; template: ListedTemplate }[] = [];
  const whole = new Set<BackendName>();
  const sorted = contributions.toSorted((a, b) => compare(a.backend, b.backend));
  for (const { backend, listing, permits } of sorted) {
    for (const tool of listing.tools) {
      if (!permits(tool.name)) continue;
      tools.push({
        backend,
        ownName: tool.name,
        exposedName: toExposedName(backend, tool.name),
        tool,
      });
    }
    // Access is granted by backend and by tool; what is not a tool goes with the whole backend.
    if (!permits()) continue;
    whole.add(backend);
    for (const prompt of listing.prompts) {
      prompts.push({
        backend,
        ownName: prompt.name,
        exposedName: toExposedName(backend, prompt.name),
        prompt,
      });
    }
    for (const resource of listing.resources) {
      const uri = toExposedUri(backend, resource.uri);
      const first = resources.get(uri);
      if (first === undefined) resources.set(uri, { backend, resource });
      else if (first.backend !== backend) {
        warnings.push(
          `resource ${resource.uri} of "${backend}" is reached at /mcp/${backend} only: "${first.backend}" offers the same URI`,
        );
      }
    }
    for (const template of listing.resourceTemplates) resourceTemplates.push({ backend, template });
  }
  return {
    tools: byExposedName(tools, warnings),
    prompts: byExposedName(prompts, warnings),
    resources: new Map([...resources].toSorted(([a], [b]) => compare(a, b))),
    resourceTemplates: resourceTemplates.toSorted((a, b) =>
      compare(a.template.uriTemplate, b.template.uriTemplate),
    ),
    whole,
    warnings,
  };
}

function byExposedName<
  Entry extends { exposedName: ExposedName; backend: BackendName; ownName: string },
>(entries: readonly Entry[], warnings: string[]): ReadonlyMap<string, Entry> {
  const named = new Map<string, Entry>();
  for (const entry of entries.toSorted(
    (a, b) => compare(a.exposedName, b.exposedName) || compare(a.ownName, b.ownName),
  )) {
    const first = named.get(entry.exposedName);
    if (first === undefined) named.set(entry.exposedName, entry);
    else {
      warnings.push(
        `"${entry.ownName}" of "${entry.backend}" is reached at /mcp/${entry.backend} only: "${first.ownName}" has the same exposed name`,
      );
    }
  }
  return named;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
