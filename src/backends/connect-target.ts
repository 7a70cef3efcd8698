import type { BackendOrder } from "../config/backend-order.ts";
import { resolveSecrets, secretsIn, USER_KEY } from "../config/secrets.ts";
import { GatewayError } from "../core/errors.ts";
import { headerProblem } from "../core/target-rules.ts";
import type { ConnectTarget } from "./connection.ts";
import type { ReadyCredential } from "./login-stub.ts";

/** Never fetched: what a connector brings has no address here. */
const CONNECTOR_URL = "https://connector.invalid/";

/** Puts secrets into URL and headers, at the moment of use. Undefined for what has no URL. */
export function resolveTarget(
  { config, privateOrigins }: BackendOrder,
  variables: Readonly<Record<string, unknown>>,
  { hopId, credential }: Readonly<{ hopId: string; credential: ReadyCredential | undefined }>,
): ConnectTarget | undefined {
  const { name, transport } = config;
  if (transport.kind === "stdio") {
    return { backend: name, url: CONNECTOR_URL, headers: {}, privateOrigins, hopId };
  }
  if (transport.kind === "builtin") return undefined;
  const lookup = secretsIn({
    ...variables,
    // A variable of the Worker is not what its users bring.
    [USER_KEY]: credential?.kind === "key" ? credential.secret : undefined,
  });
  const resolve = (text: string): string => {
    const resolved = resolveSecrets(text, lookup);
    const [missing] = resolved.missing;
    if (missing === undefined) return resolved.text;
    throw notConfigured(name, `needs the secret "${missing}", which is not set`);
  };
  const headers: Record<string, string> = {};
  for (const [header, written] of Object.entries(transport.headers)) {
    const value = resolve(written);
    const problem = headerProblem(header, value);
    if (problem !== undefined)
      throw notConfigured(name, `has a header "${header}" that needs ${problem}`);
    headers[header] = value;
  }
  if (credential?.kind === "oauth") headers["authorization"] = `Bearer ${credential.secret}`;
  return { backend: name, url: resolve(transport.url), headers, privateOrigins, hopId };
}

function notConfigured(name: string, reason: string): GatewayError {
  return new GatewayError("backend_unavailable", `Cannot connect: backend "${name}" ${reason}`);
}
