import { exports } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import {
  addPerson,
  type BrowserSession,
  formTokenOf,
  join,
  openBrowserSession,
  signInAsOwner,
} from "../support/browser-session.ts";
import {
  authorizeUrl,
  codeForm,
  type OAuthClient,
  postToken,
  readTokens,
  redirectOf,
  refreshForm,
  register,
  type Tokens,
} from "../support/oauth-flow.ts";
import { awaitReady, configure, ORIGIN, send, sendAsOwner } from "../support/worker.ts";

const fetchWorker = (request: Request) => exports.default.fetch(request);

const TOOLS = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };

type Shown = Readonly<{
  path: string;
  html: string;
  fields: Record<string, string>;
  client: OAuthClient;
  verifier: string;
}>;

async function openPage(browser: BrowserSession): Promise<Shown> {
  const client = await register(fetchWorker, ORIGIN);
  const { url, verifier } = await authorizeUrl(ORIGIN, client);
  const path = url.pathname + url.search;
  const html = await (await browser.get(path)).text();
  const handle = /name="handle" value="([^"]*)"/.exec(html)?.[1] ?? "";
  const fields = { handle, decision: "approve", form_token: formTokenOf(html) };
  return { path, html, fields, client, verifier };
}

async function tokensOf(answer: Response, { client, verifier }: Shown): Promise<Tokens> {
  const code = redirectOf(answer).searchParams.get("code");
  if (code === null) throw new Error(`no code: ${answer.status} ${await answer.text()}`);
  return readTokens(await postToken(fetchWorker, ORIGIN, codeForm(client, code, verifier)));
}

async function statusWith(token: string, path: string, init = {}): Promise<number> {
  const headers = { ...TOOLS.headers, authorization: `Bearer ${token}` };
  const response = await send(path, { ...TOOLS, ...init, headers });
  await response.text();
  return response.status;
}

async function toolsWith(token: string): Promise<string> {
  const answer = await send("/mcp", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  return `${answer.status} ${await answer.text()}`;
}

const WITHIN = { timeout: 5_000, interval: 250 };

beforeAll(async () => {
  await configure({
    mcpServers: {
      time: { builtin: "time" },
      clock: { builtin: "time" },
      secret: { builtin: "time" },
    },
  });
  await awaitReady(["time", "clock", "secret"]);
}, 30_000);

test("asks a person with one button, for what they may use, and lets a client have a part", async () => {
  const rules = { deny: ["secret"] };
  const { id, code } = await addPerson({ name: "Ann", email: "ann@example.com", rules });
  const browser = openBrowserSession();

  // Nobody is signed in yet: no backend is told of, and the way to sign in leads back here.
  const stranger = await openPage(browser);
  expect(stranger.html).toContain('type="password"');
  expect(stranger.html).not.toContain("clock");
  expect(stranger.html).toContain("/me/sign-in?next=%2Foauth%2Fauthorize%3F");

  await join(browser, code);
  const page = await openPage(browser);
  expect(page.html).toContain("Signed in as <strong>Ann</strong> (ann@example.com)");
  expect(page.html).toContain("“Test client”");
  expect(page.html).not.toContain('type="password"');
  expect(page.html).toContain('value="clock"');
  expect(page.html).not.toContain("secret");

  const none = await browser.post(page.path, { ...page.fields, backends: "some" });
  expect(none.status).toBe(400);
  expect(await none.text()).toContain("Choose at least one backend");
  const again = await openPage(browser);
  const hidden = { ...again.fields, backends: "some", backend: "secret" };
  expect((await browser.post(again.path, hidden)).status).toBe(400);

  const third = await openPage(browser);
  const chosen = { ...third.fields, backends: "some", backend: "time" };
  const part = await tokensOf(await browser.post(third.path, chosen), third);
  const listed = await toolsWith(part.accessToken);
  expect(listed).toContain("time_");
  expect(listed).not.toContain("clock_");

  const fourth = await openPage(browser);
  const whole = await tokensOf(
    await browser.post(fourth.path, { ...fourth.fields, backends: "all", backend: "time" }),
    fourth,
  );
  const all = await toolsWith(whole.accessToken);
  expect(all).toContain("clock_");
  expect(all).not.toContain("secret_");

  const answer = await sendAsOwner(`/admin/api/grants?user=${id}`);
  const { grants } = await answer.json<{ grants: object[] }>();
  expect(grants).toHaveLength(2);
  expect(grants).toContainEqual(
    expect.objectContaining({ clientName: "Test client", backends: ["time"] }),
  );
  expect(grants).toContainEqual(expect.objectContaining({ backends: null }));
});

test("leaves a removed person nothing that works", async () => {
  const { id, code } = await addPerson({ name: "Gus", email: "gus@example.com" });
  const browser = openBrowserSession();
  await join(browser, code);
  const page = await openPage(browser);
  const tokens = await tokensOf(await browser.post(page.path, page.fields), page);
  const key = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "laptop", user: id }),
  });
  const { key: secret } = await key.json<{ key: string }>();
  await expect.poll(() => statusWith(secret, "/time/get_current_time"), WITHIN).not.toBe(401);
  expect((await sendAsOwner(`/admin/api/users/${id}`, { method: "DELETE" })).status).toBe(204);
  const attempts = async (): Promise<readonly number[]> => [
    Number((await toolsWith(tokens.accessToken)).slice(0, 3)),
    Number((await toolsWith(secret)).slice(0, 3)),
    await statusWith(secret, "/v1/models", { method: "GET", body: null }),
    await statusWith(secret, "/time/get_current_time"),
    await statusWith(secret, "/status", { method: "GET", body: null }),
    (await postToken(fetchWorker, ORIGIN, refreshForm(page.client, tokens.refreshToken))).status,
    (await browser.get("/me")).status,
    (await browser.post("/me/sign-in", { email: "gus@example.com", password: "x" })).status,
  ];
  await expect.poll(attempts, WITHIN).toEqual([401, 401, 401, 401, 401, 400, 303, 403]);
});

test("takes a decision only from whoever saw the page", async () => {
  const [ann, ben] = await Promise.all(
    ["Anna", "Ben"].map((name) => addPerson({ name, email: `${name}@example.org` })),
  );
  const browser = openBrowserSession();
  await join(browser, ann?.code ?? "");
  const page = await openPage(browser);
  await join(browser, ben?.code ?? "");
  const other = await browser.post(page.path, page.fields);
  expect(other.status).toBe(403);
  expect(other.headers.get("location")).toBeNull();

  const second = await openPage(browser);
  await browser.post("/me/sign-out", { form_token: second.fields["form_token"] ?? "" });
  expect((await browser.post(second.path, second.fields)).status).toBe(403);
  const forged = { ...second.fields, form_token: "" };
  expect((await browser.post(second.path, forged)).status).toBe(403);
});

test("signs out on the page and comes back to it, and lets the owner allow without a password", async () => {
  const browser = openBrowserSession();
  await signInAsOwner(browser);
  const page = await openPage(browser);
  expect(page.html).toContain("Signed in as <strong>Owner</strong>");
  const allowed = await browser.post(page.path, page.fields);
  expect(redirectOf(allowed).searchParams.get("code")).toMatch(/^owner:/);

  const next = page.path;
  const form_token = page.fields["form_token"] ?? "";
  const out = await browser.post("/me/sign-out", { form_token, next });
  expect(out.headers.get("location")).toBe(`/me/sign-in?next=${encodeURIComponent(next)}`);
  expect((await openPage(browser)).html).toContain('type="password"');
});

test("asks again for another client, however often somebody has said yes", async () => {
  const browser = openBrowserSession();
  await signInAsOwner(browser);
  for (let index = 0; index < 2; index += 1) {
    // oxlint-disable-next-line no-await-in-loop
    const page = await openPage(browser);
    expect(page.html).toContain('value="approve"');
    // oxlint-disable-next-line no-await-in-loop
    expect((await browser.post(page.path, page.fields)).status).toBe(302);
    // oxlint-disable-next-line no-await-in-loop
    expect((await browser.post(page.path, page.fields)).status).toBe(400);
  }
});
