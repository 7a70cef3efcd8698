import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createOwnerCheck, isFromAnotherSite, requireOwner } from "../../src/auth/owner.ts";
import { asRegistry } from "../../src/config/registry-client.ts";

const OWN = "https://gateway.test";
const PASSWORD = "correct horse: b\u00e4ttery";

function createOwner(password: string | undefined = PASSWORD) {
  const name = `registry ${crypto.randomUUID()}`;
  return createOwnerCheck({
    password,
    registry: () => asRegistry(env.REGISTRY.getByName(name)),
    now: () => Date.now(),
  });
}

function request(headers: Record<string, string> = {}, method = "GET"): Request {
  return new Request(`${OWN}/admin`, {
    method,
    headers: { "cf-connecting-ip": "192.0.2.1", ...headers },
  });
}

function basic(user: string, password: string): Record<string, string> {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}

test("lets the owner in with any user name", async () => {
  const owner = createOwner();
  await requireOwner(owner, request(basic("anybody", PASSWORD)), OWN);
  await requireOwner(owner, request(basic("", PASSWORD)), OWN);
});

test("refuses a wrong password and credentials of other kinds", async () => {
  const owner = createOwner();
  for (const headers of [
    {},
    basic("owner", "wrong"),
    basic("owner", ""),
    { authorization: "Bearer owner:grant:secret" },
    { authorization: "Basic !!!" },
    { cookie: `password=${encodeURIComponent(PASSWORD)}` },
  ]) {
    await expect(requireOwner(owner, request(headers), OWN)).rejects.toMatchObject({
      code: "unauthorized",
    });
  }
});

test("is closed, not open, without a password", async () => {
  for (const owner of [
    createOwner(""),
    createOwnerCheck({
      password: undefined,
      registry: () => asRegistry(env.REGISTRY.getByName("unused")),
      now: Date.now,
    }),
  ]) {
    expect(owner.enabled).toBe(false);
    for (const password of ["", "undefined"]) {
      await expect(requireOwner(owner, request(basic("o", password)), OWN)).rejects.toMatchObject({
        code: "forbidden",
      });
    }
  }
});

test("stops an address that guesses, even when it guesses right at last", async () => {
  const owner = createOwner();
  const kinds: string[] = [];
  for (let index = 0; index < 12; index += 1) {
    kinds.push((await owner.check(`guess ${index}`, request())).kind);
  }
  expect(kinds.filter((kind) => kind === "wrong")).toHaveLength(10);
  expect(await owner.check(PASSWORD, request())).toMatchObject({ kind: "wait" });
  const elsewhere = request({ "cf-connecting-ip": "192.0.2.2" });
  expect(await owner.check(PASSWORD, elsewhere)).toEqual({ kind: "owner" });
});

test("does not count an address that was right, so that Basic pages stay open", async () => {
  const owner = createOwner();
  for (let index = 0; index < 30; index += 1) {
    expect(await owner.check(PASSWORD, request())).toEqual({ kind: "owner" });
  }
});

test("tells requests that another site caused", () => {
  const foreign: readonly [Record<string, string>, string][] = [
    [{ origin: "https://evil.example.com" }, "POST"],
    [{ origin: "null" }, "POST"],
    [{ "sec-fetch-site": "cross-site" }, "POST"],
    [{ "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate" }, "POST"],
    [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }, "GET"],
  ];
  for (const [headers, method] of foreign) {
    expect(isFromAnotherSite(request(headers, method), OWN), JSON.stringify(headers)).toBe(true);
  }
  const own: readonly [Record<string, string>, string][] = [
    [{}, "POST"],
    [{ origin: OWN }, "POST"],
    [{ "sec-fetch-site": "same-origin", origin: "null" }, "POST"],
    [{ "sec-fetch-site": "none" }, "GET"],
    [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }, "GET"],
  ];
  for (const [headers, method] of own) {
    expect(isFromAnotherSite(request(headers, method), OWN), JSON.stringify(headers)).toBe(false);
  }
});
