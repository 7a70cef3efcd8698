import { beforeAll, beforeEach, expect, test } from "vitest";
import { quirk } from "../support/backend-calls.ts";
import { type SignedIn, signInAsOwner, valueOf } from "../support/owner-browser.ts";
import { addPerson, join, openBrowserSession } from "../support/browser-session.ts";
import { configure, send, sendAsOwner } from "../support/worker.ts";

const HOSTILE = `"onx=1><script>alert(1)</script>`;

let owner: SignedIn;

beforeAll(async () => {
  owner = await signInAsOwner();
}, 30_000);
beforeEach(() =>
  configure({
    mcpServers: {
      time: { builtin: "time" },
      erp: {
        url: "https://erp.test/mcp",
        headers: { Authorization: "Bearer very-secret-1" },
        enabled: false,
      },
    },
  }),
);

async function stored(): Promise<Record<string, Record<string, unknown>>> {
  const answer = await sendAsOwner("/admin/api/config");
  const { document } = await answer.json<{
    document: { mcpServers: Record<string, Record<string, unknown>> };
  }>();
  return document.mcpServers;
}

test("lists every backend, those that are switched off too, and no secret", async () => {
  const { status, html } = await owner.get("/admin/backends");
  expect(status).toBe(200);
  expect(html).toContain("built in: time");
  expect(html).toContain("https://erp.test/mcp");
  expect(html).toContain("switched off");
  expect(html).not.toContain("very-secret");
});

test("switches a backend on and off, and keeps its secrets", async () => {
  const on = await owner.post("/admin/backends/erp/switch", { on: "yes" });
  expect([on.status, on.location]).toEqual([303, "/admin/backends/erp?done=on"]);
  expect((await stored())["erp"]).not.toHaveProperty("enabled");
  expect((await stored())["erp"]?.["headers"]).toEqual({ Authorization: "••••••" });
  await owner.post("/admin/backends/erp/switch", { on: "no" });
  expect((await stored())["erp"]?.["enabled"]).toBe(false);
});

test("removes a backend only from the page that asks, and only when nobody was quicker", async () => {
  const asked = await owner.get("/admin/backends/erp/remove");
  expect(asked.html).toContain("Remove erp?");
  const version = valueOf(asked.html, "version");
  await configure({ mcpServers: { erp: { url: "https://other.test/mcp" } } });
  const late = await owner.post("/admin/backends/erp/remove", { version });
  expect(late.status).toBe(409);
  expect(late.html).toContain("changed meanwhile");
  expect(await stored()).toHaveProperty("erp");
  const done = await owner.post("/admin/backends/erp/remove");
  expect(done.location).toBe("/admin/backends?done=removed");
  expect(await stored()).not.toHaveProperty("erp");
});

test("refuses forms of other sites, without a token, and of people who are no admins", async () => {
  const before = await stored();
  const elsewhere = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
  const answers = [
    await owner.post("/admin/backends/time/switch", { on: "no" }, elsewhere),
    await owner.post("/admin/backends/time/switch", { on: "no", form_token: "" }),
    await owner.post("/admin/backends/time/remove", { form_token: "0".repeat(64) }),
    await owner.post("/admin/backends/add", { text: "https://x.test/mcp", form_token: "" }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
  const stranger = await send("/admin/backends/time/remove", { method: "POST", body: "" });
  expect(stranger.status).toBe(303);
  expect(stranger.headers.get("location")).toContain("/me/sign-in");
  expect(await stored()).toEqual(before);
});

test("shows what an address would add, and adds it", async () => {
  const look = await owner.post("/admin/backends/add", {
    text: "https://mcp.wave.example.com/mcp",
    step: "look",
  });
  expect(look.status).toBe(200);
  expect(look.html).toMatch(/wave <span class="badge good">new/);
  expect(await stored()).not.toHaveProperty("wave");
  const done = await owner.post("/admin/backends/add", {
    text: "https://mcp.wave.example.com/mcp",
    step: "add",
  });
  expect(done.location).toBe("/admin/backends/wave?done=added");
  expect((await stored())["wave"]).toEqual({ url: "https://mcp.wave.example.com/mcp" });
});

test.each([
  ["an entry alone", '{"url": "https://mcp.shop.test/mcp", "type": "http"}', "shop"],
  ["a piece of a file", '"shop": { "url": "https://x.test/mcp" },', "shop"],
  ["entries without their frame", '{ shop: { url: "https://x.test/mcp" } } // mine', "shop"],
  ["what VS Code writes", '{"servers": {"shop": {"url": "https://x.test/mcp"}}}', "shop"],
  [
    "a name of another program",
    '{"mcpServers": {"My Shop": {"url": "https://x.test"}}}',
    "my-shop",
  ],
])("understands %s", async (_what, text, name) => {
  const look = await owner.post("/admin/backends/add", { text, step: "look" });
  expect(look.status).toBe(200);
  expect(look.html).toContain(`<h3>${name} <span class="badge good">new`);
});

test("takes a whole file, leaves out what starts local servers, and says what is replaced", async () => {
  const text = JSON.stringify({
    mcpServers: {
      files: { command: "npx", args: ["files-server"], env: { TOKEN: "local-secret" } },
      erp: { url: "https://new-erp.test/mcp", headers: { Authorization: "Bearer ${ERP}" } },
    },
  });
  const look = await owner.post("/admin/backends/add", { text, step: "look" });
  expect(look.html).toContain("replaces the one there is");
  expect(look.html).toContain("<code>ERP </code>");
  expect(look.html).toContain("started by the connector");
  const surprised = await owner.post("/admin/backends/add", { text, step: "add" });
  expect(surprised.status).toBe(422);
  await owner.post("/admin/backends/add", { text, step: "add", replace: "erp" });
  const all = await stored();
  expect(all["files"]).toEqual({ connector: true });
  expect(all["erp"]).toMatchObject({ url: "https://new-erp.test/mcp" });
  expect(all).toHaveProperty("time");
});

test.each([
  ["nothing", " ", "Paste an address"],
  ["no JSON", "{nope", "not JSON"],
  ["a mistyped address", "htp:/nothing", "neither an address"],
  ["an address of another kind", "ftp://x.test/mcp", "http or https"],
  ["a private address", "http://10.0.0.7/mcp", "public address"],
  ["a name that is a route", '{"mcpServers": {"admin": {"url": "https://x.test"}}}', "route"],
  ["markup", `{"mcpServers": {"x": {"url": ${JSON.stringify(HOSTILE)}}}}`, "a URL"],
])("says beside the field what is wrong with %s, and keeps it", async (_what, text, said) => {
  const answer = await owner.post("/admin/backends/add", { text, step: "look" });
  expect(answer.status).toBe(422);
  expect(answer.html).toContain(said);
  expect(answer.html).toContain('aria-invalid="true"');
  expect(answer.html).not.toContain("<script>alert");
  const kept = /<textarea[^>]*>\n?([^<]*)<\/textarea>/.exec(answer.html)?.[1] ?? "";
  expect(kept.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">")).toBe(text);
});

test("tests what was pasted before anything is stored", async () => {
  const { url, control } = quirk("scripted");
  await control({
    offer: { "tools/list": { tools: [{ name: `call${HOSTILE}`, inputSchema: {} }] } },
  });
  // Its origin is one the local file has named.
  await configure({ mcpServers: { other: { url } } });
  const tested = await owner.post("/admin/backends/add", { text: url, name: "shop", step: "test" });
  expect(tested.html).toContain("It answers: 1 tools");
  expect(tested.html).toContain("call&quot;onx=1&gt;&lt;script&gt;");
  expect(await stored()).not.toHaveProperty("shop");
  await control({ down: true });
  const failed = await owner.post("/admin/backends/add", { text: url, name: "shop", step: "test" });
  expect(failed.html).toMatch(/Cannot connect[^<]*shop/);
});

test("says when what was pasted wants a login", async () => {
  const { url } = quirk("unauthorized");
  await configure({ mcpServers: { other: { url, enabled: false }, near: { url } } });
  const text = JSON.stringify({ shop: { url, credentials: "per-user" } });
  const tested = await owner.post("/admin/backends/add", { text, step: "test" });
  expect(tested.status).toBe(200);
  expect(tested.html).toMatch(/Cannot connect[^<]*(?:login|log in|credential)/);
});

test("lets nobody in who is no admin, neither to pages nor with forms", async () => {
  const person = openBrowserSession();
  const { code } = await addPerson({ name: "Ann", email: "ann@example.com" });
  await join(person, code);
  expect((await person.get("/me")).status).toBe(200);
  const paths = ["", "/backends", "/backends/add", "/backends/time", "/activity", "/config"];
  const pages = await Promise.all(paths.map((path) => person.get(`/admin${path}`)));
  expect(pages.map(({ status }) => status)).toEqual(paths.map(() => 403));
  const forms = await Promise.all(
    ["backends/add", "backends/time/switch", "backends/time/remove", "backends/time/tools"]
      .concat(["backends/time/entry", "backends/time/reviews", "try/time/get_current_time"])
      .concat(["config/1/restore", "backends/time/login"])
      .map((path) => person.post(`/admin/${path}`, {})),
  );
  expect(new Set(forms.map(({ status }) => status))).toEqual(new Set([403]));
  await Promise.all([...pages, ...forms].map((answer) => answer.text()));
});
