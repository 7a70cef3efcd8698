import { beforeAll, expect, test } from "vitest";
import { addPerson, asVisitor, type WebVisitor } from "../support/web-visitor.ts";
import { configure, ORIGIN, send } from "../support/worker.ts";

const EVIL = `"><script>alert(1)</script>'onx=`;
const KEY = /mgw_[\w-]{43}/;

let ann: WebVisitor;
let ben: WebVisitor;
let owner: WebVisitor;

beforeAll(async () => {
  const ids = [
    await addPerson({ name: EVIL, email: "ann@example.com" }),
    await addPerson({ name: "Ben", rules: { allow: [], deny: ["home"] } }),
  ] as const;
  await configure({ mcpServers: { time: { builtin: "time" }, home: { builtin: "time" } } });
  [ann, ben, owner] = await Promise.all([asVisitor(ids[0]), asVisitor(ids[1]), asVisitor()]);
});

async function statusWith(key: string, path = "/v1/models"): Promise<number> {
  const response = await send(path, { headers: { authorization: `Bearer ${key}` } });
  await response.text();
  return response.status;
}

async function makeKey(visitor: WebVisitor, fields: Record<string, string> = {}): Promise<string> {
  const made = await visitor.post("/me/keys/new", { name: "laptop", expires: "86400", ...fields });
  const text = await made.text();
  expect(made.status, text).toBe(201);
  expect(made.headers.get("cache-control")).toBe("no-store");
  return KEY.exec(text)?.[0] ?? "";
}

test("makes a key of the person's own, shows it once, and ends it", async () => {
  const key = await makeKey(ann, { name: EVIL, readOnly: "yes" });
  expect(await statusWith(key)).toBe(200);
  const list = await ann.page("/me/keys");
  expect(list).not.toMatch(KEY);
  expect(list).not.toContain("<script>alert");
  expect(list).toContain("reads only");
  const own = /\/me\/keys\/key-[\w-]+/.exec(list)?.[0] ?? "";
  expect(await ann.page(own)).not.toContain("<script>alert");
  const ended = await ann.post(own);
  expect([ended.status, ended.headers.get("location")]).toEqual([303, "/me/keys?done=revoked"]);
  expect(await ann.page("/me/keys?done=revoked")).toContain("Revoked:");
  await expect.poll(() => statusWith(key), { timeout: 8_000, interval: 250 }).toBe(401);
});

test("makes keys within the person's own rights, and offers no others", async () => {
  const form = await ben.page("/me/keys/new");
  expect(form).toContain('value="time/get_current_time"');
  expect(form).not.toContain("home");
  const key = await makeKey(ben, { scope: "some", allow: "home", openWebui: "jwt", connect: "*" });
  expect(await statusWith(key, "/time/openapi.json")).toBe(404);
  expect(await statusWith(key, "/home/openapi.json")).toBe(404);
});

test("knows nothing of another person's key", async () => {
  const key = await makeKey(ann);
  const own = /\/me\/keys\/key-[\w-]+/.exec(await ann.page("/me/keys"))?.[0] ?? "";
  expect(await ben.page("/me/keys")).not.toContain(own);
  const [mine, none] = [await ben.get(own), await ben.get("/me/keys/key-none")];
  expect([mine.status, none.status]).toEqual([404, 404]);
  expect(await mine.text()).toBe((await none.text()).replaceAll(/nonce="[^"]*"/g, nonceOf(mine)));
  expect((await ben.post(own)).status).toBe(404);
  expect(await statusWith(key)).toBe(200);
});

function nonceOf(response: Response): string {
  const nonce = /'nonce-([^']+)'/.exec(response.headers.get("content-security-policy") ?? "")?.[1];
  return `nonce="${nonce}"`;
}

test("keeps what was typed when something is wrong", async () => {
  const wrong = await owner.post("/admin/keys/new", {
    name: EVIL,
    scope: "some",
    perMinute: "many",
    denyMore: "x/*",
    user: ann.userId,
  });
  const text = await wrong.text();
  expect(wrong.status).toBe(400);
  expect(text).toContain("tick what it may use");
  expect(text).not.toContain("<script>alert");
  expect(text).toContain("&quot;&gt;&lt;script&gt;alert(1)");
  expect(text).toContain('value="many"');
  expect(text).toContain(">x/*</textarea>");
  expect(text).toMatch(new RegExp(`value="${ann.userId}" selected`));
});

test("lets the owner make a key for a person, with limits, and see whose it is", async () => {
  const fields = { name: "robot", user: ben.userId, expires: "", perDay: "5", approvals: "never" };
  const made = await owner.post("/admin/keys/new", fields);
  expect(made.status).toBe(201);
  const key = KEY.exec(await made.text())?.[0] ?? "";
  expect(await statusWith(key, "/home/openapi.json")).toBe(404);
  expect(await ben.page("/me/keys")).toContain("robot");
  const list = await owner.page("/admin/keys");
  expect(list).toMatch(/robot[^]*?Ben/);
  const id = /(\/admin\/keys\/key-[\w-]+)">robot/.exec(list)?.[1] ?? "";
  expect(await owner.page(id)).toContain("5 a day");
  expect((await owner.post(id)).status).toBe(303);
  expect((await owner.get(id)).status).toBe(404);
  const gone = await owner.post("/admin/keys/new", { ...fields, user: "u-0123456789abcdef0123" });
  expect(gone.status).toBe(400);
});

test("keeps the owner's pages from everybody else", async () => {
  for (const path of ["/admin/keys/new", "/admin/keys/key-none", "/admin/clients"]) {
    expect((await ben.get(path)).status).toBe(403);
    expect((await ben.post(path, { name: "x", expires: "" })).status).toBe(403);
    expect((await send(path)).headers.get("location")).toMatch(/^\/me\/sign-in\?next=/);
  }
});

test("takes no form from another site, without the token, or with that of another session", async () => {
  const form_token = await ben.token();
  const other = await ann.token();
  const path = "/me/keys/new";
  const fields = { name: "stolen", expires: "86400" };
  const evil = "https://evil.example";
  const answers = await Promise.all([
    ben.post(path, { ...fields, form_token }, { origin: evil }),
    ben.post(path, { ...fields, form_token }, { origin: ORIGIN, "sec-fetch-site": "cross-site" }),
    ben.post(path, { ...fields, form_token: "" }),
    ben.post(path, { ...fields, form_token: other }),
    ben.post(path, fields, { "content-type": "application/json" }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 415]);
  expect(await ben.page("/me/keys")).not.toContain("stolen");
});
