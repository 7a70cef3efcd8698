import { beforeAll, expect, test } from "vitest";
import { createPlace, ORIGIN, PASSWORD, statusWith } from "../support/identity-app.ts";
import {
  authorizeUrl,
  codeForm,
  openConsent,
  postToken,
  readTokens,
  redirectOf,
  register,
  REDIRECT_URI,
  submitConsent,
  type OAuthClient,
} from "../support/oauth-flow.ts";

const place = createPlace();
let client: OAuthClient;

beforeAll(async () => {
  client = await register(place.fetch, ORIGIN);
});

/** The authorization request with some parameters replaced; undefined removes one. */
async function ask(
  changes: Record<string, string | undefined>,
  path = "/oauth/authorize",
): Promise<Response> {
  const { url } = await authorizeUrl(ORIGIN, client);
  url.pathname = path;
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return place.fetch(new Request(url));
}

test("never redirects to an address that is not exactly a registered one", async () => {
  for (const uri of [
    "https://evil.example.com/callback",
    `${REDIRECT_URI}/../x`,
    `${REDIRECT_URI}?x=1`,
    `${REDIRECT_URI}/`,
    "https://CLIENT.example.com:8443/callback",
    "https://client.example.com/%63allback",
    "https://client.example.com@evil.example.com/callback",
    "",
  ]) {
    const answer = await ask({ redirect_uri: uri });
    expect(answer.status, uri).toBe(400);
    expect(answer.headers.get("location")).toBeNull();
    expect(answer.headers.get("content-type")).toContain("text/html");
  }
});

test("says that an unknown client is not registered, as a page or as JSON", async () => {
  expect((await ask({ client_id: "nobody" })).status).toBe(400);
  const { url } = await authorizeUrl(ORIGIN, { ...client, clientId: "nobody" });
  const answer = await place.fetch(new Request(url, { headers: { accept: "application/json" } }));
  expect(answer.status).toBe(400);
  expect(await answer.json()).toEqual({
    error: "invalid_client",
    error_description: "Client not registered",
  });
});

test("sends a client without proper PKCE back with an error, its state and the issuer", async () => {
  for (const changes of [
    { code_challenge: undefined },
    { code_challenge_method: "plain" },
    { code_challenge_method: undefined },
    { code_challenge_method: "S512" },
    { code_challenge: "short" },
    { code_challenge: `${"A".repeat(42)}=` },
    { code_challenge: "A".repeat(44) },
  ]) {
    const answer = await ask({ ...changes, state: "the state" });
    expect(answer.status, JSON.stringify(changes)).toBe(302);
    const back = redirectOf(answer);
    expect(back.origin + back.pathname).toBe(REDIRECT_URI);
    expect(back.searchParams.get("error")).toBe("invalid_request");
    expect(back.searchParams.get("state")).toBe("the state");
    expect(back.searchParams.getAll("iss")).toEqual([ORIGIN]);
  }
});

test("refuses a resource that is not ours", async () => {
  for (const resource of ["https://other.example.com/mcp", `${ORIGIN}/mcp#x`, `${ORIGIN}/mcp/`]) {
    const back = redirectOf(await ask({ resource }));
    expect(back.searchParams.get("error"), resource).toBe("invalid_target");
  }
  expect((await ask({ resource: undefined })).status).toBe(200);
});

test("refuses a request that names a parameter twice", async () => {
  for (const name of ["client_id", "redirect_uri", "state", "code_challenge"]) {
    const { url } = await authorizeUrl(ORIGIN, client);
    url.searchParams.append(name, "again");
    const answer = await place.fetch(new Request(url));
    expect(answer.status, name).toBe(400);
    expect(answer.headers.get("location")).toBeNull();
  }
});

test("refuses the implicit flow and ignores request objects", async () => {
  expect(redirectOf(await ask({ response_type: "token" })).searchParams.get("error")).toBe(
    "unsupported_response_type",
  );
  expect((await ask({ request_uri: "https://evil.example.com/r", request: "x" })).status).toBe(200);
});

test("grants no scope but the resource's own", async () => {
  const asked = await authorizeUrl(ORIGIN, client);
  asked.url.searchParams.set("scope", "admin:* mcp v1 offline_access");
  const consent = await openConsent(place.fetch, asked);
  const back = redirectOf(await submitConsent(place.fetch, consent, { password: PASSWORD }));
  const answer = await postToken(
    place.fetch,
    ORIGIN,
    codeForm(client, back.searchParams.get("code") ?? "", consent.verifier),
  );
  expect(await answer.json()).toMatchObject({ scope: "mcp", resource: `${ORIGIN}/mcp` });
});

test("echoes a strange state unharmed", async () => {
  const state = `a\r\nSet-Cookie: x=1 ünïcode ${"s".repeat(4_000)}`;
  const asked = await authorizeUrl(ORIGIN, client);
  asked.url.searchParams.set("state", state);
  const consent = await openConsent(place.fetch, asked);
  const answer = await submitConsent(place.fetch, consent, { decision: "deny" });
  expect(redirectOf(answer).searchParams.get("state")).toBe(state);
  expect(answer.headers.getSetCookie().join()).not.toContain("x=1");
});

test("works at the root addresses and on any loopback port", async () => {
  const local = await register(place.fetch, ORIGIN, ["http://127.0.0.1:33418/callback"]);
  const moved = { ...local, redirectUri: "http://127.0.0.1:50123/callback" };
  const asked = await authorizeUrl(ORIGIN, moved);
  asked.url.pathname = "/authorize";
  const consent = await openConsent(place.fetch, asked);
  expect(consent.page.status).toBe(200);
  const back = redirectOf(await submitConsent(place.fetch, consent, { password: PASSWORD }));
  expect(back.port).toBe("50123");
  expect(back.searchParams.getAll("iss")).toEqual([ORIGIN]);
  const answer = await postToken(
    place.fetch,
    ORIGIN,
    codeForm(moved, back.searchParams.get("code") ?? "", consent.verifier),
    "/token",
  );
  expect(await statusWith(place, (await readTokens(answer)).accessToken)).toBe(200);
  const elsewhere = { ...local, redirectUri: "http://127.0.0.1:50123/other" };
  const { url } = await authorizeUrl(ORIGIN, elsewhere);
  expect((await place.fetch(new Request(url))).status).toBe(400);
});

test("signs in through a private-use address of a native app", async () => {
  const cursor = await register(place.fetch, ORIGIN, [
    "cursor://anysphere.cursor-mcp/oauth/callback",
  ]);
  const consent = await openConsent(place.fetch, await authorizeUrl(ORIGIN, cursor));
  expect(consent.html).toContain("app on your own device");
  expect(consent.page.headers.get("content-security-policy")).toContain(
    "form-action 'self' cursor:",
  );
  const answer = await submitConsent(place.fetch, consent, { password: PASSWORD });
  expect(answer.headers.get("location")).toMatch(/^cursor:\/\/anysphere\.cursor-mcp\/.*code=/);
});

test("takes the address of one backend as the part of /mcp that it is", async () => {
  const asked = await authorizeUrl(ORIGIN, client, `${ORIGIN}/mcp/erp`);
  const consent = await openConsent(place.fetch, asked);
  expect(consent.page.status).toBe(200);
  const back = redirectOf(await submitConsent(place.fetch, consent, { password: PASSWORD }));
  const form = codeForm(client, back.searchParams.get("code") ?? "", consent.verifier);
  const answer = await postToken(place.fetch, ORIGIN, { ...form, resource: `${ORIGIN}/mcp/erp` });
  expect(await answer.json()).toMatchObject({ resource: `${ORIGIN}/mcp`, scope: "mcp" });
});
