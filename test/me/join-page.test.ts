import { expect, test } from "vitest";
import {
  addPerson,
  formTokenOf,
  join,
  openBrowserSession,
  PASSWORD,
} from "../support/browser-session.ts";
import { send, sendAsOwner } from "../support/worker.ts";

test("lets no other site accept an invitation with whatever account a browser has", async () => {
  const { code } = await addPerson({ name: "Mallory" });
  const path = `/me/sign-in/home?invitation=${code}`;
  for (const site of ["cross-site", "same-site", "none"]) {
    const headers = { "sec-fetch-site": site, "sec-fetch-mode": "navigate" };
    // oxlint-disable-next-line no-await-in-loop
    const answer = await send(path, { headers });
    expect(answer.headers.get("location"), site).toBe(`/me/join?code=${code}`);
    expect(answer.headers.get("set-cookie")).toBeNull();
  }
  // Nor a way on from the page to sign in on, which is one of ours.
  for (const next of [path, path.replace("sign-in", "%73ign-in"), `/me/../me/./${path.slice(4)}`]) {
    const query = new URLSearchParams({ next }).toString();
    // oxlint-disable-next-line no-await-in-loop
    const page = await (await send(`/me/sign-in?${query}`)).text();
    expect(page, next).toContain('name="next" value="/me"');
  }
  // From the page that says whose invitation it is, it goes on: here to a provider that is not there.
  const own = await send(path, { headers: { "sec-fetch-site": "same-origin" } });
  expect(own.status).toBe(404);
});

test("takes a person in once by the link, and with mail and password from then on", async () => {
  const { id, code } = await addPerson({ name: "Ann <b>", email: "ann@example.com" });
  const browser = openBrowserSession();
  const page = await browser.get(`/me/join?code=${code}`);
  expect(page.status).toBe(200);
  expect(page.headers.get("referrer-policy")).toBe("no-referrer");
  expect(page.headers.get("cache-control")).toBe("no-store");
  const html = await page.text();
  expect(html).toContain("Welcome, Ann &lt;b&gt;");
  expect(html).toContain("ann@example.com");

  const typo = { code, password: PASSWORD, repeated: `${PASSWORD}x` };
  expect((await browser.post("/me/join", typo)).status).toBe(400);
  expect((await browser.post("/me/join", { code, password: "x", repeated: "x" })).status).toBe(400);

  expect((await join(browser, code)).headers.get("location")).toBe("/me");
  expect(await (await browser.get("/me")).text()).toContain("Ann");
  expect((await browser.get("/admin")).status).toBe(403);
  expect((await browser.get(`/me/join?code=${code}`)).status).toBe(404);
  expect((await join(openBrowserSession(), code)).status).toBe(404);

  const other = openBrowserSession();
  const wrong = { email: "ann@example.com", password: "not the password" };
  const refused = await other.post("/me/sign-in", wrong);
  expect(refused.status).toBe(403);
  const strangers = await other.post("/me/sign-in", { ...wrong, email: "nobody@example.com" });
  expect(
    (await strangers.text()).replaceAll("nobody@", "ann@").replaceAll(/nonce[-="\w]+/g, ""),
  ).toBe((await refused.text()).replaceAll(/nonce[-="\w]+/g, ""));
  const right = { email: "ANN@example.com", password: PASSWORD, next: "/me?x=1" };
  expect((await other.post("/me/sign-in", right)).headers.get("location")).toBe("/me?x=1");
  const { users } = await (await sendAsOwner("/admin/api/users")).json<{ users: object[] }>();
  expect(users).toContainEqual(
    expect.objectContaining({ id, hasPassword: true, invitedUntil: null }),
  );

  const token = formTokenOf(await (await other.get("/me/password")).text());
  const change = { form_token: token, password: "another password", repeated: "another password" };
  const unknown = { ...change, current: "not the password" };
  expect((await other.post("/me/password", unknown)).status).toBe(400);
  const stolen = { ...change, form_token: "x", current: PASSWORD };
  expect((await other.post("/me/password", stolen)).status).toBe(403);
  expect((await other.post("/me/password", { ...change, current: PASSWORD })).status).toBe(303);
  expect((await browser.get("/me")).status).toBe(303);
  const changed = { email: "ann@example.com", password: "another password" };
  expect((await browser.post("/me/sign-in", changed)).status).toBe(303);

  const last = formTokenOf(await (await other.get("/me")).text());
  await other.post("/me/sign-out", { form_token: last });
  expect((await other.get("/me")).status).toBe(303);
  expect((await browser.get("/me")).status).toBe(200);
});

test("ends every session of somebody who joins anew, and of somebody who is disabled", async () => {
  const { id, code } = await addPerson({ name: "Ben", email: "ben@example.com" });
  const [lost, found] = [openBrowserSession(), openBrowserSession()];
  await join(lost, code);
  const again = await sendAsOwner(`/admin/api/users/${id}/invitation`, { method: "POST" });
  const { link } = await again.json<{ link: string }>();
  await join(found, new URL(link).searchParams.get("code") ?? "");
  expect((await lost.get("/me")).status).toBe(303);
  expect((await found.get("/me")).status).toBe(200);
  await sendAsOwner(`/admin/api/users/${id}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ disabled: true }),
  });
  const within = { timeout: 5_000, interval: 250 };
  await expect.poll(async () => (await found.get("/me")).status, within).toBe(303);
  const sent = { email: "ben@example.com", password: PASSWORD };
  expect((await found.post("/me/sign-in", sent)).status).toBe(403);
});

test("opens no invitation that was replaced, made up or sent by another site", async () => {
  const { id, code } = await addPerson({ name: "Cleo", email: "cleo@example.com" });
  await sendAsOwner(`/admin/api/users/${id}/invitation`, { method: "POST" });
  for (const bad of [
    code,
    "",
    "x",
    `${id}.${"A".repeat(43)}`,
    `u-${"0".repeat(20)}.${"A".repeat(43)}`,
  ]) {
    // oxlint-disable-next-line no-await-in-loop
    expect((await openBrowserSession().get(`/me/join?code=${bad}`)).status).toBe(404);
  }
  const answer = await send("/me/join", {
    method: "POST",
    headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    body: new URLSearchParams({ code }),
  });
  expect(answer.status).toBe(403);
});

test("asks an address to wait that keeps guessing", async () => {
  const browser = openBrowserSession();
  const form = { email: "dan@example.com", password: "guess" };
  const statuses: number[] = [];
  for (let index = 0; index < 11; index += 1) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await browser.post("/me/sign-in", { ...form, email: `dan${index}@example.com` });
    statuses.push(answer.status);
  }
  expect(statuses.at(-1)).toBe(429);
  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(403));
});
