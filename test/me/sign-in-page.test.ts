import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { ORIGIN, OWNER_PASSWORD, send } from "../support/worker.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded", origin: ORIGIN };

test("signs the owner in with a cookie of this host alone, and leads on", async () => {
  const body = new URLSearchParams({ password: OWNER_PASSWORD, next: "/admin?x=1" });
  const answer = await send("/me/sign-in", { method: "POST", headers: FORM, body });
  expect(answer.status).toBe(303);
  expect(answer.headers.get("location")).toBe("/admin?x=1");
  const cookie = answer.headers.get("set-cookie") ?? "";
  expect(cookie).toMatch(
    /^__Host-session=owner\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; .*Secure$/,
  );
  const page = await send("/admin", { headers: { cookie: cookie.split(";")[0] ?? "" } });
  expect(page.status).toBe(200);
  expect(await page.text()).toContain("Overview");
});

test("keeps the cookie to https behind a proxy that ends TLS", async () => {
  const body = new URLSearchParams({ password: OWNER_PASSWORD });
  const inside = "http://gateway.test:8080";
  const ask = (path: string, init: RequestInit) =>
    exports.default.fetch(new Request(inside + path, { redirect: "manual", ...init }));
  const answer = await ask("/me/sign-in", { method: "POST", headers: FORM, body });
  const cookie = answer.headers.get("set-cookie") ?? "";
  expect(cookie).toMatch(/^__Host-session=owner.* Secure$/);
  const [pair = ""] = cookie.split(";");
  expect((await ask("/me", { headers: { cookie: pair } })).status).toBe(200);
  // What a sibling domain, or somebody on the network, can set is no session.
  const tossed = pair.replace("__Host-", "");
  expect((await ask("/me", { headers: { cookie: tossed } })).status).toBe(303);
});

test("leads a stranger to the sign-in page, and nobody to another host", async () => {
  const page = await send("/admin?x=1");
  expect(page.headers.get("location")).toBe("/me/sign-in?next=%2Fadmin%3Fx%3D1");
  const body = new URLSearchParams({ password: OWNER_PASSWORD, next: "//evil.example" });
  const answer = await send("/me/sign-in", { method: "POST", headers: FORM, body });
  expect(answer.headers.get("location")).toBe("/me");
});

test("tells who sends a form after their session has ended that nothing was stored", async () => {
  const answer = await send("/admin/backends/x/tools", { method: "POST", headers: FORM, body: "" });
  const location = answer.headers.get("location") ?? "";
  // Where the form went there is no page to come back to.
  expect(location).toBe("/me/sign-in?next=%2Fadmin&unsent=yes");
  expect(await (await send(location)).text()).toContain("was not stored");
  expect(await (await send("/me/sign-in")).text()).not.toContain("was not stored");
});

test("takes a slash at the end for nothing", async () => {
  expect((await send("/admin/")).headers.get("location")).toBe("/me/sign-in?next=%2Fadmin%2F");
  expect((await send("/me/")).status).toBe(303);
  expect((await send("/me/sign-in/")).status).toBe(200);
});
