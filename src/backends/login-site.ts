import type { BackendOrder } from "../config/backend-order.ts";
import { resolveSecrets, secretsIn } from "../config/secrets.ts";
import { GatewayError } from "../core/errors.ts";
import type { Fetch } from "../core/outbound.ts";
import { type LoginSite, requireLoginUrl } from "./authorization-fetch.ts";

/** Where the login of a backend is good, checked. Throws for a backend that has no logins. */
export function loginSite(
  { config: { name, transport }, privateOrigins }: BackendOrder,
  variables: Readonly<Record<string, unknown>>,
  fetch: Fetch,
): LoginSite {
  if (!("url" in transport)) {
    throw new GatewayError("not_found", `Cannot log in: backend "${name}" has no logins`);
  }
  const { text: url } = resolveSecrets(transport.url, secretsIn(variables));
  const site = { backend: name, url, privateOrigins, fetch };
  requireLoginUrl(site, url, "an address");
  return site;
}
