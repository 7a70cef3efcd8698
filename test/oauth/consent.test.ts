import { afterEach, expect, test, vi } from "vitest";
import { createPlace, ORIGIN, PASSWORD, type Place } from "../support/identity-app.ts";
import {
  authorizeUrl,
  openConsent,
  redirectOf,
  register,
  REDIRECT_URI,
  submitConsent,
  type Consent,
} from "../support/oauth-flow.ts";

afterEach(() => {
  vi.useRealTimers();
});

async function open(place: Place, redirectUri = REDIRECT_URI): Promise<Consent> {
  const client = await register(place.fetch, ORIGIN, [redirectUri]);
  return openConsent(place.fetch, await authorizeUrl(ORIGIN, client));
}

test("shows who asks, where access goes and that the name is unverified, without script", async () => {
  const { page, html } = await open(createPlace());
  expect(page.status).toBe(200);
  expect(html).toContain("“Test client”");
  expect(html).toContain("unverified");
  expect(html).toContain("client.example.com");
  expect(html).toContain('type="password"');
  expect(html).toContain('name="viewport"');
  expect(html).not.toMatch(/<script|<img|<link|src=|@import|url\(/);
});

test("sends every header that keeps the page to itself", async () => {
  const { headers } = (await open(createPlace())).page;
  expect(headers.get("content-security-policy")).toMatch(
    /^default-src 'none'; style-src 'nonce-[\w-]+'; form-action 'self' https:\/\/client\.example\.com; frame-ancestors 'none'; base-uri 'none'$/,
  );
  expect(headers.get("x-frame-options")).toBe("DENY");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("set-cookie")).toMatch(
    /^__Host-[^;]+; Path=\/; Secure; HttpOnly; SameSite=Lax/,
  );
});

test("escapes and quotes whatever a client calls itself", async () => {
  const place = createPlace();
  const answer = await place.fetch(
    new Request(`${ORIGIN}/oauth/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        client_name: `<script>alert(1)</script>\u202e" Approved by IT, click Allow`,
        redirect_uris: [REDIRECT_URI],
        token_endpoint_auth_method: "none",
        logo_uri: "http://169.254.169.254/",
      }),
    }),
  );
  const { client_id: clientId }: { client_id: string } = await answer.json();
  const asked = await authorizeUrl(ORIGIN, { clientId, redirectUri: REDIRECT_URI });
  const { html } = await openConsent(place.fetch, asked);
  expect(html).not.toContain("<script>");
  expect(html).toContain("“&lt;script&gt;");
  expect(html).not.toContain("\u202e");
  expect(html).not.toContain("169.254.169.254");
});

test("warns when access goes to an app on the same computer", async () => {
  const place = createPlace();
  expect((await open(place, "http://localhost:1234/cb")).html).toContain("app on your own device");
  expect((await open(place)).html).not.toContain("app on your own device");
});

test("lets the browser follow Claude from one of its domains to the other", async () => {
  const { page } = await open(createPlace(), "https://claude.ai/api/mcp/auth_callback");
  expect(page.headers.get("content-security-policy")).toContain(
    "form-action 'self' https://claude.ai https://claude.com;",
  );
});

test("lets no address of a client write into the policy of the page", async () => {
  const { page } = await open(createPlace(), "https://a;sandbox;x,default-src.example.com/cb");
  expect(page.headers.get("content-security-policy")).toMatch(
    /form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'$/,
  );
});

test("shows the same page with one clear line after a wrong password", async () => {
  const place = createPlace();
  const consent = await open(place);
  const answer = await submitConsent(place.fetch, consent, { password: "wrong" });
  expect(answer.status).toBe(403);
  expect(answer.headers.get("location")).toBeNull();
  const html = await answer.text();
  expect(html).toContain("Wrong owner password");
  expect(html).toContain("“Test client”");
  const right = await submitConsent(place.fetch, consent, { password: PASSWORD });
  expect(redirectOf(right).searchParams.get("code")).not.toBeNull();
});

test("asks an address to wait that keeps guessing", async () => {
  const place = createPlace();
  const consent = await open(place);
  for (let index = 0; index < 10; index += 1) {
    expect((await submitConsent(place.fetch, consent, { password: `no ${index}` })).status).toBe(
      403,
    );
  }
  const answer = await submitConsent(place.fetch, consent, { password: PASSWORD });
  expect(answer.status).toBe(429);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await answer.text()).toMatch(/try again in \d+ minutes?/);
});

test("returns a refusal to the client and forgets the request", async () => {
  const place = createPlace();
  const consent = await open(place);
  const back = redirectOf(await submitConsent(place.fetch, consent, { decision: "deny" }));
  expect(back.searchParams.get("error")).toBe("access_denied");
  expect(back.searchParams.get("state")).toBe(consent.state);
  expect(back.searchParams.get("iss")).toBe(ORIGIN);
  const again = await submitConsent(place.fetch, consent, { password: PASSWORD });
  expect(again.status).toBe(400);
});

test("takes a decision once, and only from the browser that saw the page", async () => {
  const place = createPlace();
  const [mine, other] = [await open(place), await open(place)];
  for (const cookie of ["", other.cookie, "__Host-oauth-consent=x"]) {
    const answer = await submitConsent(place.fetch, { ...mine, cookie }, { password: PASSWORD });
    expect(answer.status).toBe(400);
    expect(answer.headers.get("location")).toBeNull();
  }
  expect((await submitConsent(place.fetch, mine, { password: PASSWORD })).status).toBe(302);
  expect((await submitConsent(place.fetch, mine, { password: PASSWORD })).status).toBe(400);
});

test("refuses a form another site sent", async () => {
  const place = createPlace();
  const consent = await open(place);
  for (const headers of [
    { origin: "https://evil.example.com" },
    { "sec-fetch-site": "cross-site", origin: "https://evil.example.com" },
    { "sec-fetch-site": "cross-site", origin: "null", "sec-fetch-mode": "navigate" },
  ]) {
    const request = new Request(consent.action, {
      method: "POST",
      headers: { cookie: consent.cookie, ...headers },
      body: new URLSearchParams({
        handle: consent.handle,
        decision: "approve",
        password: PASSWORD,
      }),
    });
    expect((await place.fetch(request)).status).toBe(403);
  }
});

test("refuses a form that adds a scope nobody offers", async () => {
  const place = createPlace();
  const form = { password: PASSWORD, scope: "admin:*" };
  const answer = await submitConsent(place.fetch, await open(place), form);
  expect(answer.status).toBe(400);
});

test("forgets a page after ten minutes", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const place = createPlace();
  const consent = await open(place);
  vi.setSystemTime(Date.now() + 10 * 60 * 1_000 + 1_000);
  const answer = await submitConsent(place.fetch, consent, { password: PASSWORD });
  expect(answer.status).toBe(400);
});

test("lets nobody sign in when no owner password is set", async () => {
  for (const password of [undefined, ""]) {
    const place = createPlace({ password });
    const consent = await open(place);
    expect(consent.page.status).toBe(403);
    const form = { action: `${ORIGIN}/oauth/authorize`, handle: "x", cookie: "" };
    expect((await submitConsent(place.fetch, form, { password: "" })).status).toBe(403);
  }
});
