import { beforeAll, expect, test } from "vitest";
import { addPerson, asVisitor, type WebVisitor } from "../support/web-visitor.ts";
import { configure, ORIGIN, send } from "../support/worker.ts";

const PEOPLE = "/admin/people";
const EVIL = `"><script>alert(1)</script>'onx=`;

let owner: WebVisitor;
let ann: WebVisitor;

beforeAll(async () => {
  const id = await addPerson({ name: "Ann" });
  await configure({
    mcpServers: { time: { builtin: "time" }, home: { builtin: "time" } },
    policy: { groups: { office: { allow: ["time"] } } },
  });
  [owner, ann] = await Promise.all([asVisitor(), asVisitor(id)]);
}, 30_000);

async function personAt(name: string): Promise<string> {
  const list = await owner.page(PEOPLE);
  const rows = [...list.matchAll(/href="(\/admin\/people\/u-[0-9a-f]+)">([^<]*)</g)];
  return rows.find(([, , shown]) => shown === name)?.[1] ?? "";
}

test("invites somebody with a link that is shown once", async () => {
  const made = await owner.post(`${PEOPLE}/new`, {
    name: EVIL,
    email: "Evil@Example.com",
    groups: "office, home",
    scope: "some",
    allow: ["time", "home/get_current_time"],
    allowMore: "erp/get_*",
    readOnly: "yes",
    perMinute: "10",
  });
  const text = await made.text();
  expect(made.status, text).toBe(201);
  expect(text).not.toContain("<script>alert");
  const link = /https:\/\/gateway\.test(\/me\/join\?code=[\w.-]+)/.exec(text)?.[1] ?? "";
  expect((await send(link)).status).toBe(200);

  const list = await owner.page(PEOPLE);
  expect(list).not.toContain("<script>alert");
  expect(list).toMatch(/evil@example\.com[^]*?office, home/);
  expect(list).toContain("invited");
  const page = await owner.page(
    /\/admin\/people\/u-[0-9a-f]+(?="[^<]*&quot;)/.exec(list)?.[0] ?? "",
  );
  expect(page).not.toContain("<script>alert");
  expect(page).not.toContain("code=");
  expect(page).toMatch(/name="allow" value="time" checked/);
  expect(page).toMatch(/name="allow" value="home\/get_current_time" checked/);
  expect(page).toContain(">erp/get_*</textarea>");
  expect(page).toMatch(/name="readOnly" value="yes" checked/);
  expect(page).toMatch(/name="perMinute" value="10"/);
});

test("keeps what was typed when something is wrong", async () => {
  for (const path of [`${PEOPLE}/new`, await personAt("Ann")]) {
    const wrong = await owner.post(path, {
      name: EVIL,
      email: "nobody",
      denyMore: "x/*",
      perDay: "1",
      admin: "yes",
    });
    const text = await wrong.text();
    expect(wrong.status).toBe(400);
    expect(text).toMatch(/role="alert">[^<]*is no mail address/);
    expect(text).not.toContain("<script>alert");
    expect(text).toContain(">x/*</textarea>");
    expect(text).toMatch(/name="admin" value="yes" checked/);
  }
  const other = await owner.post(`${PEOPLE}/new`, { name: "Ben", email: "ben@example.com" });
  expect(other.status).toBe(201);
  const again = await owner.post(`${PEOPLE}/new`, { name: "Bob", email: "ben@example.com" });
  expect(again.status).toBe(409);
});

test("changes, switches off, and removes after asking", async () => {
  const path = await personAt("Ann");
  const stored = await owner.post(path, { name: "Ann", groups: "office", scope: "all" });
  expect(stored.headers.get("location")).toBe(`${path}?done=stored`);
  expect(await ann.page("/me")).toContain("in office");
  expect(await ann.page("/me/keys/new")).not.toContain("home");

  await owner.post(path, { name: "Ann", disabled: "yes" });
  expect((await ann.get("/me")).status).toBe(303);
  await owner.post(path, { name: "Ann" });
  expect((await ann.get("/me")).status).toBe(200);

  expect(await owner.page(`${path}/remove`)).toContain("Remove Ann?");
  expect((await ann.get("/me")).status).toBe(200);
  expect((await owner.post(`${path}/remove`)).headers.get("location")).toBe(`${PEOPLE}?done=gone`);
  expect((await ann.get("/me")).status).toBe(303);
  expect((await owner.get(path)).status).toBe(404);
});

test("is the owner's alone, and takes no form from elsewhere", async () => {
  const cyd = await addPerson({ name: "Cyd" });
  const dan = await addPerson({ name: "Dan", admin: true });
  await configure({ mcpServers: {} });
  const [person, admin] = [await asVisitor(cyd), await asVisitor(dan)];
  const paths = [`${PEOPLE}/new`, `${PEOPLE}/${cyd}`, `${PEOPLE}/${cyd}/remove`];
  for (const path of paths) {
    expect((await person.get(path)).status).toBe(403);
    expect((await person.post(path, { name: "x", admin: "yes" })).status).toBe(403);
    expect((await admin.get(path)).status).toBe(200);
    const form_token = await admin.token();
    const answers = await Promise.all([
      admin.post(path, { name: "x", form_token }, { origin: "https://evil.example" }),
      admin.post(path, { name: "x", form_token }, { "sec-fetch-site": "same-site" }),
      admin.post(path, { name: "x", form_token: await person.token() }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
  }
  expect((await person.get("/me")).status).toBe(200);
  expect((await person.post(`${PEOPLE}/${cyd}/invitation`)).status).toBe(403);
  expect((await admin.get(`${PEOPLE}/u-0123456789abcdef0123`)).status).toBe(404);
});

test("tells everybody how to connect, at the address they are at, with no key in it", async () => {
  for (const path of ["/admin/connect", "/me/connect"]) {
    const page = await owner.page(path);
    expect(page).toContain(`claude mcp add --transport http gateway ${ORIGIN}/mcp`);
    expect(page).not.toMatch(/mgw_|static-key/);
  }
});
