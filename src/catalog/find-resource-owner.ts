import type { BackendName } from "../core/ids.ts";
import type { Catalog } from "./merge-listings.ts";

/**
 * The backend a URI belongs to: the one that listed it, else the one whose template fits best, else
 * the only one that uses this scheme (tools may return links to resources nobody listed).
 */
export function findResourceOwner(catalog: Catalog, uri: string): BackendName | undefined {
  const listed = catalog.resources.get(uri);
  if (listed !== undefined) return listed.backend;
  let best: { backend: BackendName; length: number } | undefined;
  for (const { backend, template } of catalog.resourceTemplates) {
    const length = fixedLength(template.uriTemplate, uri);
    if (length !== undefined && length > (best?.length ?? -1)) best = { backend, length };
  }
  return best?.backend ?? findOnlyUserOfScheme(catalog, uri);
}

/**
 * How many characters of a template stand literally in the URI, before its first and after its last
 * expression; undefined when they do not. Two comparisons instead of a pattern: an own regular
 * expression per backend template would be an invitation to backtrack (CVE-2026-0621).
 */
function fixedLength(uriTemplate: string, uri: string): number | undefined {
  const open = uriTemplate.indexOf("{");
  const close = uriTemplate.lastIndexOf("}");
  if (open === -1 || close === -1) return uri === uriTemplate ? uri.length : undefined;
  const head = uriTemplate.slice(0, open);
  const tail = uriTemplate.slice(close + 1);
  if (uri.length < head.length + tail.length) return undefined;
  return uri.startsWith(head) && uri.endsWith(tail) ? head.length + tail.length : undefined;
}

function findOnlyUserOfScheme(catalog: Catalog, uri: string): BackendName | undefined {
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(uri)?.[0];
  if (scheme === undefined) return undefined;
  const users = new Set<BackendName>();
  for (const [listed, { backend }] of catalog.resources)
    if (listed.startsWith(scheme)) users.add(backend);
  for (const { backend, template } of catalog.resourceTemplates) {
    if (template.uriTemplate.startsWith(scheme)) users.add(backend);
  }
  return users.size === 1 ? [...users][0] : undefined;
}
