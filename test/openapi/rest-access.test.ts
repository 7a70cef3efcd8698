import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { keyFor } from "../support/key-for.ts";
import { obtainTokens } from "../support/oauth-flow.ts";
import {
  configure,
  type Init,
  OWNER_PASSWORD,
  ORIGIN,
  send,
  STATIC_KEY,
} from "../support/worker.ts";

const OTHER_SITE = { "sec-fetch-site": "cross-site" };

beforeAll(() => configure({ mcpServers: { time: { builtin: "time" } } }), 30_000);

function basic(password: string, user = "anybody"): Record<string, string> {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}

function call(headers: Record<string, string>, init: Init = {}): Promise<Response> {
  return send("/time/get_current_time", {
    method: "POST",
    body: '{"timezone":"UTC"}',
    ...init,
    headers: { "content-type": "application/json", ...headers },
  });
}

const statusOf = async (asked: Promise<Response>): Promise<number> => {
  const response = await asked;
  await response.text();
  return response.status;
};

test.each(["Bearer", "bearer", "BEARER"])("takes the key as %s", async (scheme) => {
  expect(await statusOf(call({ authorization: `${scheme} ${STATIC_KEY}` }))).toBe(200);
});

test.each([
  ["any user", basic(STATIC_KEY)],
  ["no user", basic(STATIC_KEY, "")],
  ["a scheme in small letters", { authorization: `basic ${btoa(`u:${STATIC_KEY}`)}` }],
])("takes the key as password of Basic with %s", async (_, headers) => {
  expect(await statusOf(call(headers))).toBe(200);
  expect(await statusOf(send("/time/openapi.json", { headers }))).toBe(200);
});

test("takes a made key as password of Basic, and what it may see", async () => {
  const headers = basic(await keyFor({ deny: ["time"] }));
  expect(await statusOf(call(headers))).toBe(404);
  expect(await statusOf(send("/openapi.json", { headers }))).toBe(200);
});

test.each([
  ["nothing", {}],
  ["another scheme", { authorization: `Digest ${STATIC_KEY}` }],
  ["the key alone", { authorization: STATIC_KEY }],
  ["a wrong key", { authorization: "Bearer wrong" }],
  ["a wrong password", basic("wrong")],
  ["an empty password", basic("")],
  ["the owner's password", basic(OWNER_PASSWORD, "owner")],
  ["a password of two lines", basic(`${STATIC_KEY}\r\nx-openwebui-user-id: admin`)],
  ["a password that no header can hold", basic("ключ")],
  ["no base64", { authorization: "Basic %%%" }],
  ["the key as user of Basic", basic("", STATIC_KEY)],
  ["a key in a cookie", { cookie: `authorization=${STATIC_KEY}; token=${STATIC_KEY}` }],
  ["a key in a header of another API", { "x-api-key": STATIC_KEY }],
])("answers 401 to %s", async (_, headers) => {
  const response = await call(headers);
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({
    detail: { code: "unauthorized", request_id: response.headers.get("x-request-id") },
  });
});

test("takes no credential from a query", async () => {
  for (const name of ["api_key", "key", "token", "access_token", "authorization"]) {
    expect(await statusOf(send(`/time/openapi.json?${name}=${STATIC_KEY}`))).toBe(401);
  }
});

test("says how to come in, to browsers without Basic, whose dialog nobody wants", async () => {
  const challenge = async (headers: Record<string, string>): Promise<string | null> => {
    const response = await send("/time/docs", { headers });
    await response.text();
    return response.headers.get("www-authenticate");
  };
  const bearer = 'Bearer realm="mcp-edge-gateway"';
  const both = `${bearer}, Basic realm="mcp-edge-gateway API key", charset="UTF-8"`;
  expect(await challenge({})).toBe(both);
  expect(await challenge({ accept: "text/html,*/*" })).toBe(bearer);
  expect(await challenge({ "sec-fetch-mode": "cors" })).toBe(bearer);
  expect(await challenge({ authorization: "Bearer wrong", accept: "text/html" })).toBe(
    `${bearer}, error="invalid_token"`,
  );
});

describe("a page of another site", () => {
  test.each([
    ["another site", OTHER_SITE],
    ["a site beside ours", { "sec-fetch-site": "same-site" }],
    ["another origin", { origin: "https://evil.example" }],
    ["no origin it would tell", { origin: "null" }],
    ["a form", { ...OTHER_SITE, "sec-fetch-mode": "navigate", origin: "https://evil.example" }],
  ])("from %s cannot use what the browser remembers", async (_, headers) => {
    const response = await call({ ...basic(STATIC_KEY), ...headers });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ detail: { code: "forbidden" } });
    // Not even where the tool needs no arguments, and so no content type.
    expect(
      await statusOf(
        send("/time/get_current_time", {
          method: "POST",
          headers: { ...basic(STATIC_KEY), ...headers },
        }),
      ),
    ).toBe(403);
    // Nor can it find out whether a key is right.
    expect(await statusOf(call({ ...basic("wrong"), ...headers }))).toBe(403);
  });

  test("may send a key of its own as Bearer", async () => {
    const headers = { origin: "https://chat.example", ...OTHER_SITE };
    expect(await statusOf(call({ authorization: `Bearer ${STATIC_KEY}`, ...headers }))).toBe(200);
  });
});

test("takes what the browser remembers from pages of its own and from links", async () => {
  expect(await statusOf(call({ ...basic(STATIC_KEY), origin: ORIGIN }))).toBe(200);
  expect(
    await statusOf(call({ ...basic(STATIC_KEY), origin: ORIGIN, "sec-fetch-site": "same-origin" })),
  ).toBe(200);
  const link = { ...basic(STATIC_KEY), ...OTHER_SITE, "sec-fetch-mode": "navigate" };
  expect(await statusOf(send("/time/docs", { headers: link }))).toBe(200);
});

test.each([
  "/time/resources/file%3A%2F%2F%2Fx",
  "/time/resources?uri=x%3Ay",
  "/time/prompts/x?a=1",
])("asks a backend for %s by no link of another site", async (path) => {
  const navigation = { ...basic(STATIC_KEY), "sec-fetch-mode": "navigate" };
  expect(await statusOf(send(path, { headers: { ...navigation, ...OTHER_SITE } }))).toBe(403);
  const typed = { ...navigation, "sec-fetch-site": "none" };
  expect(await statusOf(send(path, { headers: typed }))).toBe(404);
});

test("has the browser ask for a key only where somebody comes to the page", async () => {
  const challenge = async (headers: Record<string, string>): Promise<string | null> => {
    const response = await send("/time/docs?sign-in=basic", { headers });
    await response.text();
    return response.headers.get("www-authenticate");
  };
  expect(await challenge({ "sec-fetch-mode": "navigate", accept: "text/html" })).toMatch(/^Basic/);
  for (const mode of ["no-cors", "cors"]) {
    expect(await challenge({ "sec-fetch-mode": mode, ...OTHER_SITE })).toMatch(/^Bearer [^,]*$/);
  }
});

test("asks a person with a browser for the key on a page that tells nothing", async () => {
  const response = await send("/docs", { headers: { accept: "text/html" } });
  expect(response.status).toBe(401);
  expect(response.headers.get("content-type")).toContain("text/html");
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(await response.text()).not.toContain("get_current_time");
});

test("says in the words of mcpo what is wrong with a credential", async () => {
  const ask = async (headers: Record<string, string>): Promise<unknown> => {
    const response = await send("/time/now?compat=mcpo", { method: "POST", headers });
    expect(response.status).toBe(401);
    return response.json();
  };
  expect(await ask({})).toEqual({ detail: "Missing or invalid Authorization header" });
  expect(await ask({ authorization: "Bearer wrong" })).toEqual({ detail: "Invalid API key" });
});

test("knows the person of Open WebUI behind a key, however the key comes", async () => {
  const rules = [{ users: ["guest"], deny: ["time/convert_time"] }];
  await configure({
    mcpServers: { time: { builtin: "time" } },
    gateway: { openWebui: { rules } },
  });
  const key = await keyFor({ openWebui: "headers" });
  const statuses = async (id: string): Promise<number[]> => {
    const ways = [{ authorization: `Bearer ${key}` }, basic(key)];
    return Promise.all(
      ways.map((way) =>
        statusOf(
          send("/time/convert_time", {
            method: "OPTIONS",
            headers: { ...way, "x-openwebui-user-id": id },
          }),
        ),
      ),
    );
  };
  expect(await statuses("guest")).toEqual([404, 404]);
  expect(await statuses("somebody")).toEqual([204, 204]);
});

test("takes no token that OAuth gave for another surface", async () => {
  const fetch = (request: Request): Promise<Response> => exports.default.fetch(request);
  for (const resource of ["mcp", "v1"]) {
    const tokens = await obtainTokens(fetch, ORIGIN, OWNER_PASSWORD, `${ORIGIN}/${resource}`);
    for (const way of [
      { authorization: `Bearer ${tokens.accessToken}` },
      basic(tokens.accessToken),
    ]) {
      expect(await statusOf(call(way))).toBe(resource === "v1" ? 403 : 401);
    }
  }
});

test("is nobody's at another host", async () => {
  const headers = { host: "evil.example", authorization: `Bearer ${STATIC_KEY}` };
  const response = await exports.default.fetch(
    new Request("https://evil.example/time/openapi.json", { headers }),
  );
  expect(response.status).toBe(421);
});
