/**
 * What a client and a browser do together to get a token, step by step, so that tests can leave
 * the road anywhere. Only web APIs: runs in workerd and on Node.
 */
export type Fetch = (request: Request) => Promise<Response>;

export type OAuthClient = Readonly<{ clientId: string; redirectUri: string }>;

/** A consent page in a browser, with what the client remembers of its own request. */
export type Consent = Readonly<{
  page: Response;
  html: string;
  /** Where the form goes. */
  action: string;
  handle: string;
  cookie: string;
  verifier: string;
  state: string;
}>;

export type Tokens = Readonly<{ accessToken: string; refreshToken: string }>;

export const REDIRECT_URI = "https://client.example.com/callback";

export async function register(
  fetch: Fetch,
  origin: string,
  redirectUris: readonly string[] = [REDIRECT_URI],
): Promise<OAuthClient> {
  const response = await fetch(
    new Request(`${origin}/oauth/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        client_name: "Test client",
        redirect_uris: redirectUris,
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "none",
      }),
    }),
  );
  const body = await readJson(response, 201);
  return { clientId: body["client_id"] ?? "", redirectUri: redirectUris[0] ?? "" };
}

export type AuthorizeUrl = Readonly<{ url: URL; verifier: string; state: string }>;

/** The URL a client opens in the browser. */
export async function authorizeUrl(
  origin: string,
  client: OAuthClient,
  resource: string = `${origin}/mcp`,
): Promise<AuthorizeUrl> {
  const verifier = `${crypto.randomUUID()}${crypto.randomUUID()}`;
  const state = crypto.randomUUID();
  const url = new URL(`${origin}/oauth/authorize`);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    code_challenge: await challengeOf(verifier),
    code_challenge_method: "S256",
    state,
    resource,
  }).toString();
  return { url, verifier, state };
}

export async function openConsent(fetch: Fetch, asked: AuthorizeUrl): Promise<Consent> {
  const page = await fetch(new Request(asked.url, { redirect: "manual" }));
  const html = await page.clone().text();
  return {
    page,
    html,
    action: new URL(unescapeHtml(/<form[^>]*action="([^"]*)"/.exec(html)?.[1] ?? ""), asked.url)
      .href,
    handle: /name="handle" value="([^"]*)"/.exec(html)?.[1] ?? "",
    cookie: (page.headers.get("set-cookie") ?? "").split(";")[0] ?? "",
    verifier: asked.verifier,
    state: asked.state,
  };
}

export function submitConsent(
  fetch: Fetch,
  consent: Pick<Consent, "action" | "handle" | "cookie">,
  form: Readonly<Record<string, string>>,
): Promise<Response> {
  return fetch(
    new Request(consent.action, {
      method: "POST",
      redirect: "manual",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        cookie: consent.cookie,
        "sec-fetch-site": "same-origin",
      },
      body: new URLSearchParams({ handle: consent.handle, decision: "approve", ...form }),
    }),
  );
}

/** The redirect a decision ends in. */
export function redirectOf(response: Response): URL {
  return new URL(response.headers.get("location") ?? "about:blank");
}

export function postToken(
  fetch: Fetch,
  origin: string,
  form: Readonly<Record<string, string>>,
  path = "/oauth/token",
): Promise<Response> {
  return fetch(
    new Request(`${origin}${path}`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(form),
    }),
  );
}

export function codeForm(
  client: OAuthClient,
  code: string,
  verifier: string,
): Record<string, string> {
  return {
    grant_type: "authorization_code",
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    code,
    code_verifier: verifier,
  };
}

export function refreshForm(client: OAuthClient, refreshToken: string): Record<string, string> {
  return {
    grant_type: "refresh_token",
    client_id: client.clientId,
    refresh_token: refreshToken,
  };
}

export async function readTokens(response: Response): Promise<Tokens> {
  const body = await readJson(response, 200);
  return { accessToken: body["access_token"] ?? "", refreshToken: body["refresh_token"] ?? "" };
}

export type Connection = Readonly<{ client: OAuthClient; code: string; verifier: string }>;

/** Register, open the page, type the password: up to the code in the client's hands. */
export async function obtainCode(
  fetch: Fetch,
  origin: string,
  password: string,
  resource?: string,
): Promise<Connection> {
  const client = await register(fetch, origin);
  const consent = await openConsent(fetch, await authorizeUrl(origin, client, resource));
  const decided = await submitConsent(fetch, consent, { password });
  const code = redirectOf(decided).searchParams.get("code");
  if (code === null) throw new Error(`no code: ${decided.status} ${await decided.text()}`);
  return { client, code, verifier: consent.verifier };
}

export async function obtainTokens(
  fetch: Fetch,
  origin: string,
  password: string,
  resource?: string,
): Promise<Tokens & { client: OAuthClient }> {
  const { client, code, verifier } = await obtainCode(fetch, origin, password, resource);
  const response = await postToken(fetch, origin, codeForm(client, code, verifier));
  return { ...(await readTokens(response)), client };
}

export async function challengeOf(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return btoa(String.fromCharCode(...new Uint8Array(digest)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

async function readJson(response: Response, status: number): Promise<Record<string, string>> {
  const text = await response.text();
  if (response.status !== status)
    throw new Error(`${response.status} instead of ${status}: ${text}`);
  const body: Record<string, string> = JSON.parse(text);
  return body;
}

function unescapeHtml(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&");
}
