import { beforeAll, expect, test } from "vitest";
import { createAdminPages } from "../../src/admin/admin-pages.tsx";
import { createAdminRoutes } from "../../src/admin/admin-routes.ts";
import { createAuditRoutes } from "../../src/admin/audit-routes.ts";
import { createMeRoutes } from "../../src/me/me-routes.tsx";
import type { UserId } from "../../src/core/ids.ts";
import { quirk } from "../support/backend-calls.ts";
import { keyFor } from "../support/key-for.ts";
import { addPerson, asVisitor, type WebVisitor } from "../support/web-visitor.ts";
import { awaitReady, configure, ORIGIN, send } from "../support/worker.ts";

/** Made for their lists of paths only; requests go to the real Worker. */
const NOTHING = {} as never; // oxlint-disable-line no-unsafe-type-assertion
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const HOSTILE = `"'><img src=x onerror=alert(1)></script><script>`;
/** What a browser would run: an element or an attribute that was no text any more. */
const RUN = /<img src=x|<script>|<\/script><script|\shref="(?!\/|https?:|data:,|#)/;
/** Before anybody is signed in, or on the way back from elsewhere. */
const OPEN = /^\/me\/(sign-in|sign-out|join|callback)(\/|$)|^\/oauth\/backend\//;

let owner: WebVisitor;
let ann: WebVisitor;
let boss: WebVisitor;
let ids: Readonly<Record<string, string>>;

const inAll = (create: (needs: never) => { routes: { path: string; method: string }[] }) =>
  create(NOTHING).routes.filter(({ method }) => METHODS.includes(method));
const PAGES = [...inAll(createAdminPages), ...inAll(createMeRoutes)].filter(
  ({ path }) => !OPEN.test(path),
);
const JSON_PATHS = [...inAll(createAdminRoutes), ...inAll(createAuditRoutes)];

/** With the ids of what is there, so that a page is refused for whose it is and nothing else. */
function concrete(path: string): string {
  const [, , room = ""] = path.split("/");
  return path
    .replaceAll(/:version/g, "1")
    .replaceAll(/:tool/g, "one")
    .replaceAll(/:\w+(\{[^/]*\})?/g, encodeURIComponent(ids[room] ?? "hostile"));
}

beforeAll(async () => {
  const { url, control } = quirk("scripted");
  const tools = [
    { name: "one", description: HOSTILE, title: HOSTILE, inputSchema: { type: "object" } },
    { name: HOSTILE, inputSchema: { type: "object", properties: { [HOSTILE]: {} } } },
  ];
  await control({ offer: { "tools/list": { tools } } });
  const rule = { allow: ["*"], deny: [] };
  const id = await addPerson({ name: HOSTILE, email: "ann@example.com", groups: [HOSTILE] });
  const admin = await addPerson({ name: "Boss", admin: true });
  await keyFor({ user: id, name: HOSTILE });
  await configure({
    mcpServers: {
      hostile: { url },
      mine: { url, credentials: "per-user", headers: { "x-key": "${USER_KEY}" } },
      secret: { builtin: "time" },
    },
    groups: { [HOSTILE]: { ...rule, deny: ["secret"] } },
  });
  await awaitReady(["hostile", "secret"]);
  [owner, ann, boss] = await Promise.all([asVisitor(), asVisitor(id), asVisitor(admin)]);
  const keys = await owner.page("/admin/keys");
  const key = /\/admin\/keys\/(key-[0-9a-f-]+)/.exec(keys)?.[1] ?? "";
  ids = { people: id, keys: key, users: id, logins: "mine" };
}, 40_000);

async function answersOf(
  routes: readonly { path: string; method: string }[],
  ask: (path: string, method: string) => Promise<Response>,
): Promise<readonly string[]> {
  const answers: string[] = [];
  for (const { path, method } of routes) {
    const at = concrete(path);
    // oxlint-disable-next-line no-await-in-loop -- the forms of one are not to meet
    const answer = await ask(at, method);
    answers.push(`${method} ${at} ${answer.status}`);
    // oxlint-disable-next-line no-await-in-loop
    await answer.body?.cancel();
  }
  return answers;
}

test("opens nothing of the owner's to a person who is none, whatever the method", async () => {
  const token = await ann.token();
  const pages = PAGES.filter(({ path }) => path.startsWith("/admin"));
  expect(pages.length).toBeGreaterThan(30);
  const paged = await answersOf(pages, (path, method) =>
    method === "POST" ? ann.post(path, { form_token: token }) : ann.get(path),
  );
  expect(paged.filter((answer) => !answer.endsWith(" 403"))).toEqual([]);
  const every = METHODS.flatMap((method) => JSON_PATHS.map(({ path }) => ({ path, method })));
  const asked = await answersOf(every, (path, method) =>
    send(path, {
      method,
      headers: { cookie: ann.cookie, origin: ORIGIN, "content-type": "application/json" },
      ...(["GET", "HEAD"].includes(method) ? {} : { body: "{}" }),
    }),
  );
  expect(asked.filter((answer) => !/ 40[13]$/.test(answer))).toEqual([]);
});

test("takes no form without its token, of another session, or from another site", async () => {
  const forms = PAGES.filter(({ method }) => method === "POST");
  expect(forms.length).toBeGreaterThan(20);
  const others = await boss.token();
  const own = await owner.token();
  for (const [fields, headers] of [
    [{ form_token: "" }, {}],
    [{ form_token: others }, {}],
    [{ form_token: own }, { origin: "https://evil.example" }],
    [{ form_token: own }, { "sec-fetch-site": "same-site" }],
    [{ form_token: own }, { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const answers = await answersOf(forms, (path) => owner.post(path, fields, headers));
    expect(
      answers.filter((answer) => !answer.endsWith(" 403")),
      JSON.stringify(headers),
    ).toEqual([]);
  }
});

test("refuses a form that is too large, or none at all, before it does anything", async () => {
  const forms = PAGES.filter(({ method }) => method === "POST");
  const form_token = await owner.token();
  const large = { form_token, name: "x".repeat(70_000) };
  const answers = await answersOf(forms, (path) => owner.post(path, large));
  expect(answers.filter((answer) => !answer.endsWith(" 413"))).toEqual([]);
  const none = await answersOf(forms, (path) =>
    owner.post(path, { form_token }, { "content-type": "multipart/form-data" }),
  );
  expect(none.filter((answer) => !answer.endsWith(" 415"))).toEqual([]);
});

test("shows names and words of others as text, under a policy that runs nothing else", async () => {
  const pages = PAGES.filter(({ method }) => method === "GET");
  const query = new URLSearchParams({ q: HOSTILE, done: HOSTILE, user: HOSTILE }).toString();
  const faults: string[] = [];
  const shown = new Set<string>();
  for (const visitor of [owner, ann]) {
    for (const { path } of pages) {
      if (visitor === ann && path.startsWith("/admin")) continue;
      const at = concrete(path);
      // oxlint-disable-next-line no-await-in-loop
      const answer = await visitor.get(`${at}?${query}`);
      // oxlint-disable-next-line no-await-in-loop
      const html = await answer.text();
      if (html.includes("&lt;img src=x onerror=alert(1)&gt;")) shown.add(path);
      if (answer.status >= 500) faults.push(`${at} ${answer.status}`);
      if (answer.status === 303) continue;
      const { headers } = answer;
      const policy = headers.get("content-security-policy") ?? "";
      for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"]) {
        if (!policy.includes(part)) faults.push(`${at} without ${part}`);
      }
      if (/unsafe|\*|https?:/.test(policy)) faults.push(`${at} with ${policy}`);
      if (headers.get("x-frame-options") !== "DENY") faults.push(`${at} may be framed`);
      if (headers.get("x-content-type-options") !== "nosniff") faults.push(`${at} is sniffed`);
      if (!headers.get("cache-control")?.includes("no-store")) faults.push(`${at} is kept`);
      const run = RUN.exec(html.replaceAll(/<script nonce="[\w-]+">[\s\S]*?<\/script>/g, ""));
      if (run !== null) faults.push(`${at}: ${html.slice(run.index - 60, run.index + 60)}`);
    }
  }
  expect(faults).toEqual([]);
  expect(shown).toContain("/me");
  expect(shown).toContain("/admin/people/:id");
  expect(shown).toContain("/admin/keys");
  expect(shown).toContain("/admin/backends/:name");
});

test("says nothing of a person who runs the gateway no more, in five seconds", async () => {
  const id: UserId = boss.userId;
  expect((await boss.get("/admin/people")).status).toBe(200);
  const form_token = await owner.token();
  const { last } = await (await boss.get("/admin/api/audit/live")).json<{ last: number }>();
  const waiting = boss.get(`/admin/api/audit/live?since=${last}`);
  await owner.post(`/admin/people/${id}`, { form_token, name: "Boss" });
  const status = async (): Promise<number> => (await boss.get("/admin/people")).status;
  await expect.poll(status, { timeout: 5_000, interval: 200 }).toBe(403);
  expect((await boss.get("/admin/api/audit")).status).toBe(403);
  expect(await (await waiting).text()).not.toContain("person_changed");
});
