import { resourceUri } from "../auth/oauth-server.ts";

const BACKEND = /^[a-z][a-z0-9-]{0,30}$/;

/**
 * `{origin}/mcp/{backend}` as what it is: a part of the resource `{origin}/mcp`. Clients that are
 * given such a URL ask for it by that name (RFC 8707 section 2 leaves the mapping to us). Every
 * other value stays as it is, for the library to judge.
 */
export function withCanonicalResource(origin: string, form: URLSearchParams): URLSearchParams {
  const whole = resourceUri(origin, "mcp");
  const resources = form.getAll("resource");
  if (!resources.some((one) => isPart(whole, one))) return form;
  const mapped = new URLSearchParams(form);
  mapped.delete("resource");
  for (const one of resources) mapped.append("resource", isPart(whole, one) ? whole : one);
  return mapped;
}

function isPart(whole: string, resource: string): boolean {
  return resource.startsWith(`${whole}/`) && BACKEND.test(resource.slice(whole.length + 1));
}
