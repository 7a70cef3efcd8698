import { beforeAll, expect, inject, test } from "vitest";
import { addPerson, asVisitor, type WebVisitor } from "../support/web-visitor.ts";
import { configure, send } from "../support/worker.ts";

const LOGINS = "/me/logins";
const KEY = `key-of-ann"><script>alert(1)</script>`;

let ann: WebVisitor;
let ben: WebVisitor;
let cyd: WebVisitor;
let owner: WebVisitor;

beforeAll(async () => {
  const [first, second, third] = [
    await addPerson({ name: "Ann" }),
    await addPerson({ name: "Ben" }),
    await addPerson({ name: "Cyd", rules: { allow: [], deny: ["wave"] } }),
  ];
  await configure({
    mcpServers: {
      wave: {
        url: `${inject("fixtures").quirky}/plain/wave`,
        credentials: "per-user",
        headers: { "X-Api-Key": "${USER_KEY}" },
      },
    },
  });
  [ann, ben, cyd] = [await asVisitor(first), await asVisitor(second), await asVisitor(third)];
  owner = await asVisitor();
}, 30_000);

test("puts what is missing first on one's own page, and keeps a key that is never shown", async () => {
  expect(await ann.page("/me")).toContain(`href="${LOGINS}/wave"`);
  const kept = await ann.post(`${LOGINS}/wave`, { account: "", key: KEY });
  expect([kept.status, kept.headers.get("location")]).toEqual([303, `${LOGINS}?done=wave`]);
  const list = await ann.page(`${LOGINS}?done=wave`);
  expect(list).toContain("Stored for wave");
  for (const text of [list, await ann.page("/me"), await ann.page(`${LOGINS}/wave`)]) {
    expect(text).not.toContain("key-of-ann");
  }
  expect(await ann.page("/me")).not.toContain("until then");
});

test("lets nobody see, use or end the login of somebody else", async () => {
  expect(await ben.page(LOGINS)).toContain("not logged in");
  for (const path of [`${LOGINS}/wave/forget`, `${LOGINS}/wave/default`]) {
    await (await ben.post(path, { account: "", for: ann.userId, user: ann.userId })).text();
  }
  const instead = await ben.post(`${LOGINS}/wave`, { account: "", key: "x", for: ann.userId });
  expect(instead.status).not.toBe(303);
  expect(await ann.page(LOGINS)).toContain(">logged in<");
  expect(await ben.page(LOGINS)).not.toContain(">logged in<");
  const shown = await owner.page(`/admin/people/${ann.userId}`);
  expect(shown).toMatch(/Logins at backends[^]*wave[^]*logged in/);
  expect(shown).not.toContain("key-of-ann");
});

test("does not know a backend the person may not use", async () => {
  expect(await cyd.page(LOGINS)).toContain("No service here");
  const hidden = await cyd.get(`${LOGINS}/wave`);
  const none = await cyd.get(`${LOGINS}/none`);
  const others = await cyd.get(`${LOGINS}/wave?for=${ann.userId}`);
  expect([hidden.status, none.status, others.status]).toEqual([404, 404, 404]);
  expect((await cyd.post(`${LOGINS}/wave`, { account: "", key: "x" })).status).toBe(404);
});

test("takes no form from elsewhere", async () => {
  const form_token = await ann.token();
  const path = `${LOGINS}/wave/forget`;
  const answers = await Promise.all([
    ann.post(path, { account: "", form_token }, { origin: "https://evil.example" }),
    ann.post(path, { account: "", form_token: await ben.token() }),
    send(path, { method: "POST" }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 303]);
  expect(await ann.page(LOGINS)).toContain(">logged in<");
  expect((await ann.post(path, { account: "" })).status).toBe(303);
  expect(await ann.page(LOGINS)).not.toContain(">logged in<");
});
