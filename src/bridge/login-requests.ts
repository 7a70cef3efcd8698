import * as z from "zod";
import type { Login } from "./login-store.ts";
import { NoAnswer, STDIO_CODES } from "./stdio-errors.ts";

const REQUEST_MS = 10_000;

const registered = z.looseObject({ client_id: z.string().min(1) });
const granted = z.looseObject({
  access_token: z.string().min(1),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.number().optional(),
  refresh_token: z.string().optional(),
});

/** What a page says; undefined when it is not there or says something else. */
export async function fetchJson<Schema extends z.ZodType>(
  address: string,
  { schema, init = {} }: Readonly<{ schema: Schema; init?: RequestInit }>,
): Promise<z.infer<Schema> | undefined> {
  let response: Response;
  try {
    response = await fetch(address, {
      ...init,
      // A token must not travel on to an address nobody has looked at.
      redirect: "error",
      signal: AbortSignal.timeout(REQUEST_MS),
    });
  } catch (error) {
    const { origin } = new URL(address);
    throw new NoAnswer(STDIO_CODES.network, `Cannot sign in: ${origin} is not reached`, {
      cause: error,
    });
  }
  const text = await response.text();
  if (!response.ok) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined; // the caller knows what was wanted
  }
}

/** RFC 7591, as an app of this machine: without a secret, as it could keep none. */
export async function registerClient(endpoint: string, redirectUri: string): Promise<string> {
  const answer = await fetchJson(endpoint, {
    schema: registered,
    init: {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        client_name: "mcp-edge-gateway stdio",
        application_type: "native",
        redirect_uris: [redirectUri],
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "none",
      }),
    },
  });
  if (answer !== undefined) return answer.client_id;
  throw new NoAnswer(STDIO_CODES.credential, "Cannot sign in: the gateway registers no client");
}

export type Token = Pick<Login, "accessToken" | "refreshToken" | "expiresAt">;

/** RFC 6749 section 4.1.3 and 6; undefined when the code or token is refused. */
export async function requestToken(
  tokenEndpoint: string,
  form: Readonly<Record<string, string>>,
): Promise<Token | undefined> {
  const answer = await fetchJson(tokenEndpoint, {
    schema: granted,
    init: { method: "POST", body: new URLSearchParams(form) },
  });
  if (answer === undefined) return undefined;
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds } = answer;
  return {
    accessToken,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(seconds === undefined ? {} : { expiresAt: Date.now() + seconds * 1_000 }),
  };
}
