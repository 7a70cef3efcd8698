import { afterEach, expect, test, vi } from "vitest";
import { createPlace, ORIGIN, PASSWORD, statusWith } from "../support/identity-app.ts";
import {
  codeForm,
  obtainCode,
  obtainTokens,
  postToken,
  readTokens,
  refreshForm,
  register,
} from "../support/oauth-flow.ts";

const place = createPlace();

afterEach(() => {
  vi.useRealTimers();
});

function pass(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
}

async function post(form: Record<string, string>, path?: string): Promise<Response> {
  return postToken(place.fetch, ORIGIN, form, path);
}

async function errorOf(answer: Response): Promise<unknown> {
  const body: { error?: unknown } = await answer.json();
  return body.error;
}

test("lets a failed attempt spoil nothing: the code works afterwards", async () => {
  const { client, code, verifier } = await obtainCode(place.fetch, ORIGIN, PASSWORD);
  const stranger = await register(place.fetch, ORIGIN);
  const right = codeForm(client, code, verifier);
  const { code_verifier: _, ...withoutVerifier } = right;
  for (const wrong of [
    { ...right, code_verifier: "x".repeat(43) },
    { ...right, code_verifier: "short" },
    withoutVerifier,
    { ...right, redirect_uri: "https://client.example.com/other" },
    { ...right, client_id: stranger.clientId },
    { ...right, resource: "https://other.example.com/mcp" },
    { ...right, code: code.slice(0, -1) },
  ]) {
    expect((await post(wrong)).status).toBe(400);
  }
  const { accessToken } = await readTokens(await post(right));
  expect(await statusWith(place, accessToken)).toBe(200);
});

test("answers an identical exchange alike, and kills the family when the code comes back later", async () => {
  const { client, code, verifier } = await obtainCode(place.fetch, ORIGIN, PASSWORD);
  const form = codeForm(client, code, verifier);
  const first = await readTokens(await post(form));
  pass(20_000);
  expect(await readTokens(await post(form))).toEqual(first);
  pass(20_000);
  const replayed = await post(form);
  expect(replayed.status).toBe(400);
  expect(await errorOf(replayed)).toBe("invalid_grant");
  pass(5_000);
  expect(await statusWith(place, first.accessToken)).toBe(401);
  expect((await post(refreshForm(client, first.refreshToken))).status).toBe(400);
});

test("kills the family at once when the code comes back with another verifier", async () => {
  const { client, code, verifier } = await obtainCode(place.fetch, ORIGIN, PASSWORD);
  const { accessToken } = await readTokens(await post(codeForm(client, code, verifier)));
  expect((await post(codeForm(client, code, "y".repeat(43)))).status).toBe(400);
  expect(await statusWith(place, accessToken)).toBe(401);
});

test("gives eight parallel exchanges one working answer", async () => {
  const { client, code, verifier } = await obtainCode(place.fetch, ORIGIN, PASSWORD);
  const form = codeForm(client, code, verifier);
  const answers = await Promise.all(Array.from({ length: 8 }, () => post(form)));
  const tokens = await Promise.all(answers.map(readTokens));
  expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
  expect(await statusWith(place, tokens[7]?.accessToken ?? "")).toBe(200);
});

test("gives six parallel refreshes tokens that all work", async () => {
  const { client, refreshToken } = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => post(refreshForm(client, refreshToken))),
  );
  for (const { accessToken, refreshToken: next } of await Promise.all(answers.map(readTokens))) {
    expect(await statusWith(place, accessToken)).toBe(200);
    expect((await post(refreshForm(client, next))).status).toBe(200);
  }
});

test("lets a client refresh again that lost the answer, soon and late", async () => {
  const { client, refreshToken } = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  const lost = await readTokens(await post(refreshForm(client, refreshToken)));
  expect(await readTokens(await post(refreshForm(client, refreshToken)))).toEqual(lost);
  pass(10 * 60_000);
  const late = await readTokens(await post(refreshForm(client, refreshToken)));
  expect(late.refreshToken).not.toBe(lost.refreshToken);
  expect(await statusWith(place, late.accessToken)).toBe(200);
});

test("revokes the whole family when a refresh token comes back after its successor was used", async () => {
  const { client, refreshToken: first } = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  const second = await readTokens(await post(refreshForm(client, first)));
  const third = await readTokens(await post(refreshForm(client, second.refreshToken)));
  const reused = await post(refreshForm(client, first));
  expect(await errorOf(reused)).toBe("invalid_grant");
  for (const { accessToken } of [second, third]) {
    expect(await statusWith(createPlace(), accessToken)).toBe(401);
  }
  expect((await post(refreshForm(client, third.refreshToken))).status).toBe(400);
});

test("lets nobody end a family by inventing a refresh token of it", async () => {
  const { client, refreshToken, accessToken } = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  const [user, grant] = refreshToken.split(":");
  const invented = `${user}:${grant}:${"z".repeat(32)}`;
  expect((await post(refreshForm(client, invented))).status).toBe(400);
  expect(await statusWith(place, accessToken)).toBe(200);
  expect((await post(refreshForm(client, refreshToken))).status).toBe(200);
});

test("refuses a refresh by another client, and widens no scope", async () => {
  const { client, refreshToken } = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  const stranger = await register(place.fetch, ORIGIN);
  expect(await errorOf(await post(refreshForm(stranger, refreshToken)))).toBe("invalid_grant");
  const wider = await post({ ...refreshForm(client, refreshToken), scope: "mcp v1 admin" });
  expect(await wider.json()).toMatchObject({ scope: "mcp" });
});

test("revokes at both addresses, at once", async () => {
  for (const path of ["/oauth/token", "/oauth/revoke"]) {
    const { client, accessToken, refreshToken } = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
    const form = { client_id: client.clientId, token: refreshToken };
    expect((await post(form, path)).status).toBe(200);
    expect(await statusWith(place, accessToken)).toBe(401);
    expect((await post(refreshForm(client, refreshToken))).status).toBe(400);
  }
});

test("revokes nothing for another client, and says the same of unknown tokens", async () => {
  const { accessToken, refreshToken } = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  const stranger = await register(place.fetch, ORIGIN);
  for (const token of [refreshToken, accessToken, "owner:nothing:here", "garbage"]) {
    const answer = await post({ client_id: stranger.clientId, token }, "/oauth/revoke");
    expect(answer.status).toBe(200);
  }
  expect(await statusWith(place, accessToken)).toBe(200);
});

test("tells an unknown client that it is one, so that it registers again", async () => {
  const answer = await post({
    grant_type: "refresh_token",
    client_id: "deleted",
    refresh_token: "owner:a:b",
  });
  expect(answer.status).toBe(401);
  expect(await errorOf(answer)).toBe("invalid_client");
});

test("refuses an expired access token and an expired code", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const tokens = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  const { client, code, verifier } = await obtainCode(place.fetch, ORIGIN, PASSWORD);
  pass(10 * 60_000 + 2_000);
  expect(await errorOf(await post(codeForm(client, code, verifier)))).toBe("invalid_grant");
  expect(await statusWith(place, tokens.accessToken)).toBe(200);
  pass(8 * 3_600_000);
  expect(await statusWith(place, tokens.accessToken)).toBe(401);
  expect((await post(refreshForm(tokens.client, tokens.refreshToken))).status).toBe(200);
});

test("keeps another resource's grant of the same client", async () => {
  const first = await obtainTokens(place.fetch, ORIGIN, PASSWORD, `${ORIGIN}/v1`);
  const second = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  expect(await statusWith(place, first.accessToken, "/v1")).toBe(200);
  expect(await statusWith(place, second.accessToken)).toBe(200);
});

test("reads nothing but one form per request", async () => {
  const bodies: readonly [BodyInit, Record<string, string>][] = [
    ['{"grant_type":"refresh_token"}', { "content-type": "application/json" }],
    [new FormData(), {}],
    [
      "grant_type=refresh_token&grant_type=authorization_code&client_id=x",
      { "content-type": "application/x-www-form-urlencoded" },
    ],
    ["", { "content-type": "application/x-www-form-urlencoded" }],
  ];
  for (const [body, headers] of bodies) {
    const answer = await place.fetch(
      new Request(`${ORIGIN}/oauth/token`, { method: "POST", headers, body }),
    );
    expect([400, 401]).toContain(answer.status);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    await answer.body?.cancel();
  }
  expect((await place.fetch(new Request(`${ORIGIN}/oauth/token`))).status).toBe(405);
});

test("refuses a confidential client that proves itself twice or with a wrong secret", async () => {
  const answer = await place.fetch(
    new Request(`${ORIGIN}/oauth/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ redirect_uris: ["https://client.example.com/callback"] }),
    }),
  );
  const { client_id: id, client_secret: secret }: Record<string, string> = await answer.json();
  const attempts = [
    { basic: `${id}:wrong`, form: {} },
    { basic: `${id}:${secret}`, form: { client_secret: secret ?? "" } },
  ];
  for (const { basic, form } of attempts) {
    const refused = await place.fetch(
      new Request(`${ORIGIN}/oauth/token`, {
        method: "POST",
        headers: {
          authorization: `Basic ${btoa(basic)}`,
          "content-type": "application/x-www-form-urlencoded",
        },
        body: new URLSearchParams({
          grant_type: "refresh_token",
          refresh_token: "owner:a:b",
          ...form,
        }),
      }),
    );
    expect([400, 401]).toContain(refused.status);
    if (refused.status === 401) {
      expect(refused.headers.get("www-authenticate")).toMatch(/^Basic /);
    }
    await refused.body?.cancel();
  }
});

test("answers browsers' preflights and lets them read errors", async () => {
  const preflight = await place.fetch(
    new Request(`${ORIGIN}/oauth/token`, {
      method: "OPTIONS",
      headers: { origin: "https://a.example.com", "access-control-request-method": "POST" },
    }),
  );
  expect(preflight.status).toBe(204);
  const refused = await post({ grant_type: "refresh_token", client_id: "x" });
  expect(refused.headers.get("access-control-allow-origin")).toBe("*");
});
