import { expect, test } from "vitest";
import { createPlace, ORIGIN, PASSWORD, STATIC_KEY, statusWith } from "../support/identity-app.ts";
import { obtainCode, obtainTokens } from "../support/oauth-flow.ts";

const place = createPlace();

function call(headers: Record<string, string>, path = "/mcp"): Promise<Response> {
  return place.fetch(new Request(`${ORIGIN}${path}`, { headers }));
}

test("challenges a call without a token, without naming an error", async () => {
  for (const headers of [
    {},
    { authorization: "Basic b3duZXI6cGFzc3dvcmQ=" },
    { authorization: "Bearer " },
    { authorization: "Bearer" },
  ]) {
    const answer = await call(headers);
    expect(answer.status).toBe(401);
    const challenge = answer.headers.get("www-authenticate") ?? "";
    expect(challenge).toMatch(/^Bearer /);
    expect(challenge).toContain(
      `resource_metadata="${ORIGIN}/.well-known/oauth-protected-resource/mcp"`,
    );
    expect(challenge).toContain('scope="mcp"');
    expect(challenge).not.toContain("error=");
    expect(await answer.text()).toBe("");
  }
});

test("calls a token invalid that is garbage, cut short or somebody else's", async () => {
  const { accessToken } = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  const [, grant = "", secret = ""] = accessToken.split(":");
  for (const token of [
    "garbage",
    "::",
    accessToken.slice(0, -1),
    `bob:${grant}:${secret}`,
    `consent::${grant}:${secret}`,
    `mgw_${"A".repeat(43)}`,
    "x".repeat(1_900),
  ]) {
    const answer = await call({ authorization: `Bearer ${token}` });
    expect(answer.status, token).toBe(401);
    expect(answer.headers.get("www-authenticate")).toContain('error="invalid_token"');
  }
});

test("takes the scheme in any case, with spaces around the token", async () => {
  for (const authorization of [
    `bearer ${STATIC_KEY}`,
    `BEARER  ${STATIC_KEY}`,
    `Bearer ${STATIC_KEY} `,
  ]) {
    expect((await call({ authorization })).status).toBe(200);
  }
});

test("takes no token from the query, a cookie or another header", async () => {
  const answers = await Promise.all([
    call({}, `/mcp?access_token=${STATIC_KEY}`),
    call({ cookie: `access_token=${STATIC_KEY}` }),
    call({ "x-api-key": STATIC_KEY }),
    place.fetch(
      new Request(`${ORIGIN}/mcp`, {
        method: "POST",
        body: new URLSearchParams({ access_token: STATIC_KEY }),
      }),
    ),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
});

test("refuses refresh tokens and authorization codes as access tokens", async () => {
  const tokens = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  const { code } = await obtainCode(place.fetch, ORIGIN, PASSWORD);
  expect(await statusWith(place, tokens.refreshToken)).toBe(401);
  expect(await statusWith(place, code)).toBe(401);
});

test("takes a token only at the resource and origin it was asked for", async () => {
  const { accessToken } = await obtainTokens(place.fetch, ORIGIN, PASSWORD, `${ORIGIN}/v1`);
  expect(await statusWith(place, accessToken, "/v1")).toBe(200);
  expect(await statusWith(place, accessToken, "/mcp")).toBe(401);
  const elsewhere = await place.fetch(
    new Request("http://localhost:8787/v1", {
      headers: { authorization: `Bearer ${accessToken}` },
    }),
  );
  expect(elsewhere.status).toBe(401);
});

test("signs in on a loopback name next to the public URL", async () => {
  const local = "http://127.0.0.1:8787";
  const { accessToken } = await obtainTokens(place.fetch, local, PASSWORD);
  const answer = await place.fetch(
    new Request(`${local}/mcp`, { headers: { authorization: `Bearer ${accessToken}` } }),
  );
  expect(answer.status).toBe(200);
  expect(await statusWith(place, accessToken)).toBe(401);
});

test("refuses every key when no static key is set or it is too short", async () => {
  for (const staticKey of [undefined, "", "short"]) {
    const bare = createPlace({ staticKey });
    expect(await statusWith(bare, "short")).toBe(401);
    expect(await statusWith(bare, "undefined")).toBe(401);
  }
});
