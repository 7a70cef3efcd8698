import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createPlace, ORIGIN, PASSWORD, statusWith } from "../support/identity-app.ts";
import {
  authorizeUrl,
  codeForm,
  openConsent,
  postToken,
  readTokens,
  redirectOf,
  refreshForm,
  REDIRECT_URI,
  submitConsent,
  type OAuthClient,
} from "../support/oauth-flow.ts";

const CLIENT: OAuthClient = {
  clientId: "https://app.example.com/oauth/client.json",
  redirectUri: REDIRECT_URI,
};

let fetched: string[];
let answer: () => Response;

function documentOf(more: Record<string, unknown> = {}): () => Response {
  return () =>
    Response.json({
      client_id: CLIENT.clientId,
      client_name: "Document client",
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: "none",
      ...more,
    });
}

beforeEach(() => {
  fetched = [];
  answer = documentOf();
  vi.stubGlobal("fetch", async (input: RequestInfo | URL) => {
    fetched.push(new Request(input).url);
    return answer();
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

async function connect() {
  const place = createPlace();
  const consent = await openConsent(place.fetch, await authorizeUrl(ORIGIN, CLIENT));
  const back = redirectOf(await submitConsent(place.fetch, consent, { password: PASSWORD }));
  const code = back.searchParams.get("code") ?? "";
  const form = codeForm(CLIENT, code, consent.verifier);
  return { place, ...(await readTokens(await postToken(place.fetch, ORIGIN, form))) };
}

test("signs in a client known by its document, and shows its domain", async () => {
  const place = createPlace();
  const { html } = await openConsent(place.fetch, await authorizeUrl(ORIGIN, CLIENT));
  expect(html).toContain("<strong>app.example.com</strong>");
  const { accessToken } = await connect();
  expect(await statusWith(place, accessToken)).toBe(200);
});

test("keeps two installations of one client apart", async () => {
  const first = await connect();
  const second = await connect();
  expect(await statusWith(second.place, first.accessToken)).toBe(200);
  const refreshed = await postToken(
    first.place.fetch,
    ORIGIN,
    refreshForm(CLIENT, first.refreshToken),
  );
  expect(refreshed.status).toBe(200);
  expect(await statusWith(first.place, second.accessToken)).toBe(200);
});

test("asks again where a changed document sends access, and leaves old grants alone", async () => {
  const { place, accessToken } = await connect();
  answer = documentOf({ redirect_uris: ["https://app.example.com/elsewhere"] });
  expect((await openConsent(place.fetch, await authorizeUrl(ORIGIN, CLIENT))).page.status).toBe(
    400,
  );
  expect(await statusWith(place, accessToken)).toBe(200);
});

test("refuses documents that are not what they must be, in the same words", async () => {
  const place = createPlace();
  const bad: readonly (() => Response)[] = [
    documentOf({ client_id: "https://other.example.com/client.json" }),
    documentOf({ padding: "x".repeat(6_000) }),
    documentOf({ redirect_uris: [] }),
    documentOf({ client_secret: "secret" }),
    () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    () => new Response(null, { status: 302, headers: { location: "https://127.0.0.1/" } }),
    () => new Response("gone", { status: 404 }),
  ];
  for (const one of bad) {
    answer = one;
    const { page, html } = await openConsent(place.fetch, await authorizeUrl(ORIGIN, CLIENT));
    expect(page.status).toBe(400);
    expect(page.headers.get("location")).toBeNull();
    expect(html).toContain("could not be fetched or is not valid");
  }
});

const NOT_PUBLIC = [
  "https://127.0.0.1/metadata",
  "https://8.8.8.8/metadata",
  "https://localhost/metadata",
  "https://printer.local/metadata",
  "https://169.254.169.254/latest",
  "https://[::1]/metadata",
  "https://[::ffff:7f00:1]/metadata",
];

test("never fetches a document from an address that is not public", async () => {
  const place = createPlace();
  for (const clientId of [
    ...NOT_PUBLIC,
    "http://app.example.com/metadata",
    "https://app.example.com",
    "https://app.example.com/a/../b",
    "https://user@app.example.com/metadata",
    "https://app.example.com/metadata#x",
  ]) {
    const asked = await authorizeUrl(ORIGIN, { ...CLIENT, clientId });
    const answered = await place.fetch(new Request(asked.url));
    expect(answered.status, clientId).toBe(400);
    expect(answered.headers.get("location")).toBeNull();
  }
  expect(fetched).toEqual([]);
});

test("fetches none of them at the token endpoint either, wherever the client is named", async () => {
  const place = createPlace();
  for (const clientId of NOT_PUBLIC) {
    const claims = btoa(JSON.stringify({ iss: clientId, sub: clientId }));
    const requests = [
      { form: { client_id: clientId }, headers: {} },
      {
        form: {},
        headers: { authorization: `Basic ${btoa(`${encodeURIComponent(clientId)}:x`)}` },
      },
      {
        form: {
          client_assertion: `e30.${claims}.x`,
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        },
        headers: {},
      },
    ];
    for (const { form, headers } of requests) {
      const answered = await place.fetch(
        new Request(`${ORIGIN}/oauth/token`, {
          method: "POST",
          headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
          body: new URLSearchParams({ grant_type: "authorization_code", code: "a:b:c", ...form }),
        }),
      );
      expect(answered.status, clientId).toBe(401);
      expect(await answered.json()).toMatchObject({ error: "invalid_client" });
    }
  }
  expect(fetched).toEqual([]);
});
