import { verify } from "hono/jwt";
import * as z from "zod";
import type { Person } from "../auth/person.ts";
import type { OpenWebuiConfig } from "../config/open-webui-config.ts";
import { MIN_JWT_SECRET } from "../config/parse-gateway-part.ts";
import { resolveSecrets } from "../config/secrets.ts";
import { GatewayError } from "../core/errors.ts";
import { toGroups, toPersonText } from "./open-webui-headers.ts";

export const TOKEN_HEADER = "x-openwebui-user-jwt";

/** Five claims take 500 characters; with two hundred groups still less than this. */
const MAX_TOKEN = 8_192;
/** Between the clock of Open WebUI's machine and ours. */
const MAX_SKEW_SECONDS = 60;

const claims = z.looseObject({
  sub: z.string(),
  iss: z.string(),
  iat: z.number(),
  exp: z.number(),
  nbf: z.number().optional(),
  email: z.string().nullish(),
  name: z.string().nullish(),
  role: z.string().nullish(),
  groups: z.unknown().optional(),
});

export type TokenCheck = Readonly<{
  config: Pick<OpenWebuiConfig, "jwtSecret" | "issuer">;
  secrets: (name: string) => string | undefined;
  /** Epoch ms. */
  now: number;
}>;

/**
 * The person a token of Open WebUI names. Only HS256, whatever its header says: a token that picks
 * its own algorithm picks how it is checked (RFC 8725 section 3.1). Throws `unauthorized`, and
 * `unavailable` when there is no secret to check it with.
 */
export async function personInToken(token: string, check: TokenCheck): Promise<Person> {
  if (token.length > MAX_TOKEN) throw refused(`it is longer than ${MAX_TOKEN} characters`);
  const { config, now } = check;
  const key = await importKey(secretOf(check));
  const parsed = claims.safeParse(await payloadOf(token, key));
  if (!parsed.success) throw refused("it lacks one of the claims sub, iss, iat and exp");
  const { sub, iss, iat, exp, nbf, email, name, role, groups } = parsed.data;
  const at = now / 1_000;
  if (iss !== config.issuer) throw refused(`its issuer is not "${config.issuer}"`);
  if (!(exp > at - MAX_SKEW_SECONDS)) throw refused("it has expired");
  if (!(Math.max(iat, nbf ?? iat) < at + MAX_SKEW_SECONDS)) throw refused("it is not valid yet");
  const id = toPersonText("sub", sub);
  if (id === undefined) throw refused("it names nobody");
  return {
    id,
    email: toPersonText("email", email ?? ""),
    name: toPersonText("name", name ?? ""),
    role: toPersonText("role", role ?? ""),
    groups: toGroups(groups),
  };
}

/** Times and issuer are looked at after the signature: a forger learns nothing from our answer. */
async function payloadOf(token: string, key: CryptoKey): Promise<unknown> {
  try {
    return await verify(token, key, { alg: "HS256", exp: false, iat: false, nbf: false });
  } catch {
    throw refused("it is not signed with the secret of this gateway"); // or is no token at all
  }
}

/** As a key of its own: from a text, the library would guess its format by words in it. */
function importKey(secret: string): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, [
    "verify",
  ]);
}

function secretOf({ config, secrets }: TokenCheck): string {
  const { jwtSecret } = config;
  if (jwtSecret === undefined) throw unchecked("it is not set");
  const { text, missing } = resolveSecrets(jwtSecret, secrets);
  if (missing.length > 0) throw unchecked(`it needs the secret "${missing[0]}", which is not set`);
  if (text.length < MIN_JWT_SECRET)
    throw unchecked(`it is shorter than ${MIN_JWT_SECRET} characters`);
  return text;
}

function refused(reason: string): GatewayError {
  return new GatewayError(
    "unauthorized",
    `Cannot answer: the token in X-OpenWebUI-User-Jwt is not valid here, ${reason}`,
  );
}

function unchecked(reason: string): GatewayError {
  return new GatewayError(
    "unavailable",
    `Cannot check X-OpenWebUI-User-Jwt with gateway.openWebui.jwtSecret: ${reason}`,
  );
}
