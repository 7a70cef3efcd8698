import { beforeAll, expect, test } from "vitest";
import { type SignedIn, signInAsOwner, valueOf } from "../support/owner-browser.ts";
import { quirk, stubOf } from "../support/backend-calls.ts";
import { awaitReady, configure, legacy, sendAsOwner } from "../support/worker.ts";

const HOSTILE = `"onx=1><script>alert(1)</script>`;
const ESCAPED = "&quot;onx=1&gt;&lt;script&gt;";
const PIXEL = "iVBORw0KGgo=";

let owner: SignedIn;

const TOOLS = [
  {
    name: "book",
    description: `Books a room ${HOSTILE}`,
    annotations: { destructiveHint: true },
    inputSchema: {
      type: "object",
      properties: {
        room: { type: "string", enum: ["small", "large"], description: HOSTILE },
        price: { type: "number" },
        guests: { type: "array", items: { $ref: "#/$defs/guest" } },
        note: { type: "string" },
      },
      required: ["room"],
      $defs: { guest: { type: "object", properties: { name: { type: "string" } } } },
    },
  },
  { name: "a/b", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } },
  { name: `odd${HOSTILE}`, inputSchema: { type: "object" } },
  { name: "media", inputSchema: { type: "object" } },
  { name: "fails", inputSchema: { type: "object" } },
  { name: "asks", inputSchema: { type: "object" } },
];

beforeAll(async () => {
  const { url, control } = quirk("scripted");
  await control({
    offer: {
      "tools/list": { tools: TOOLS },
      "tools/call book": {
        text: '{"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"{\\"id\\":9007199254740993}"}]}}',
      },
      "tools/call a/b": { content: [], structuredContent: { said: HOSTILE } },
      "tools/call media": {
        content: [
          { type: "image", data: PIXEL, mimeType: "image/png" },
          { type: "audio", data: PIXEL, mimeType: `audio/wav" onx="1` },
          { type: "resource_link", uri: "javascript:alert(1)", name: "bad" },
          { type: "resource_link", uri: "https://x.test/a?b=1", name: "good" },
          { type: "resource", resource: { uri: "x:y", text: HOSTILE } },
        ],
      },
      "tools/call fails": { content: [{ type: "text", text: `no ${HOSTILE}` }], isError: true },
      "tools/call asks": {
        text: '{"jsonrpc":"2.0","id":$ID,"error":{"code":-32042,"message":"sign in","data":{"elicitations":[{"mode":"url","message":"Sign in there","url":"https://login.test/x","elicitationId":"1"}]}}}',
      },
    },
  });
  await configure({ mcpServers: { rooms: { url }, time: { builtin: "time" } } });
  await awaitReady(["rooms", "time"]);
  owner = await signInAsOwner();
}, 30_000);

test("shows what a backend is and offers, in escaped words", async () => {
  const { status, html } = await owner.get("/admin/backends/rooms");
  expect(status).toBe(200);
  expect(html).toContain("quirky 1");
  expect(html).toContain("6 tools");
  expect(html).toContain(`Books a room ${ESCAPED}`);
  expect(html).toContain('href="/admin/try/rooms/a%2Fb"');
  expect(html).toContain(">destructive<");
  expect(html).not.toContain("<script>alert");
});

test("is told that a backend is unknown", async () => {
  const answer = await owner.get(`/admin/backends/${encodeURIComponent(HOSTILE)}`);
  expect(answer.status).toBe(404);
  expect(answer.html).not.toContain("<script>alert");
});

test("switches tools off, which then are unknown to every client", async () => {
  const { html } = await owner.get("/admin/backends/time");
  const tools = valueOf(html, "tools");
  const done = await owner.post("/admin/backends/time/tools", { tools, on: ["0"] });
  expect(done.location).toBe("/admin/backends/time?done=tools");
  const listed = JSON.stringify((await legacy("tools/list")).message.result);
  expect(listed).toContain("time_convert_time");
  expect(listed).not.toContain("time_get_current_time");
  const off = await owner.get("/admin/try/time/get_current_time");
  expect(off.status).toBe(404);
  await owner.post("/admin/backends/time/tools", { tools, on: ["0", "1"] });
  expect((await owner.get("/admin/try/time/get_current_time")).status).toBe(200);
});

test("stores no switches for tools that are others by now", async () => {
  const late = await owner.post("/admin/backends/time/tools", { tools: "0".repeat(16), on: ["0"] });
  expect(late.status).toBe(409);
  expect(late.html).toContain("other tools than it did");
});

test("changes an entry, keeps its secrets, and keeps what was typed when it is wrong", async () => {
  const wrong = await owner.post("/admin/backends/time/entry", { entry: '{"builtin": "tim"}' });
  expect(wrong.status).toBe(422);
  expect(wrong.html).toContain("mcpServers.time.builtin");
  expect(wrong.html).toContain("{&quot;builtin&quot;: &quot;tim&quot;}");
  const late = await owner.post("/admin/backends/time/entry", { entry: "{}", version: 1 });
  expect(late.status).toBe(409);
  const done = await owner.post("/admin/backends/time/entry", {
    entry: '{"builtin": "time", "timeout": 7}',
  });
  expect(done.status).toBe(303);
  const { document } = await (await sendAsOwner("/admin/api/config")).json<{ document: unknown }>();
  expect(document).toMatchObject({ mcpServers: { time: { builtin: "time", timeout: 7 } } });
});

test("makes a form of a schema, and says before that a tool destroys", async () => {
  const { html } = await owner.get("/admin/try/rooms/book");
  expect(html).toContain("deletes or overwrites");
  expect(html).toMatch(/<select[^>]*name="arg\.room"/);
  expect(html).toContain("{ name?: string }[]");
  expect(html).not.toContain("<script>alert");
});

test("runs a tool with the numbers as they were typed, and shows JSON with its digits", async () => {
  const { status, html } = await owner.post("/admin/try/rooms/book", {
    as: "fields",
    "arg.room": '"small"',
    "arg.price": "9007199254740993",
    "arg.guests": '[{"name": "Ann"}]',
  });
  expect(status).toBe(200);
  expect(html).toContain("&quot;id&quot;: 9007199254740993");
});

test("says at a field what is wrong with it, and keeps what was typed", async () => {
  const answer = await owner.post("/admin/try/rooms/book", {
    as: "fields",
    "arg.price": "much",
    "arg.note": HOSTILE,
  });
  expect(answer.status).toBe(422);
  expect(answer.html).toContain("This is not a number");
  expect(answer.html).toContain("This is needed");
  expect(answer.html).toContain('value="much"');
  expect(answer.html).toContain(ESCAPED);
  expect(answer.html).not.toContain("<script>alert");
});

test("takes all arguments as JSON, and says when they are none", async () => {
  const wrong = await owner.post("/admin/try/rooms/book", { as: "json", json: "{room" });
  expect(wrong.status).toBe(422);
  expect(wrong.html).toContain("This is not JSON");
  expect(wrong.html).toContain("{room");
  const ran = await owner.post("/admin/try/rooms/book", { as: "json", json: '{"room": "small"}' });
  expect(ran.html).toContain("9007199254740993");
});

test("shows images and sounds, and links only to what a browser opens safely", async () => {
  const { html } = await owner.post("/admin/try/rooms/media", { as: "fields" });
  expect(html).toContain(`<img src="data:image/png;base64,${PIXEL}"`);
  expect(html).toContain(`<audio src="data:audio/*;base64,${PIXEL}"`);
  expect(html).toContain('href="https://x.test/a?b=1"');
  expect(html).not.toContain('href="javascript:');
  expect(html).not.toContain("<script>alert");
});

test("shows structured results, failures of tools, and where a backend sends a person", async () => {
  const structured = await owner.post("/admin/try/rooms/a%2Fb", { as: "fields" });
  expect(structured.html).toContain("onx=1&gt;&lt;script&gt;");
  const failed = await owner.post("/admin/try/rooms/fails", { as: "fields" });
  expect(failed.html).toContain("The tool says that it failed");
  expect(failed.html).not.toContain("<script>alert");
  const asks = await owner.post("/admin/try/rooms/asks", { as: "fields" });
  expect(asks.html).toContain('href="https://login.test/x"');
});

test("runs nothing for a form of another site or without its token", async () => {
  const elsewhere = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
  const answers = [
    await owner.post("/admin/try/rooms/book", { as: "json", json: "{}" }, elsewhere),
    await owner.post("/admin/try/rooms/book", { as: "json", json: "{}", form_token: "x" }),
    await owner.post("/admin/backends/time/tools", { form_token: "" }),
    await owner.post("/admin/backends/time/entry", { form_token: "", entry: "{}" }),
    await owner.post("/admin/backends/time/reviews", { form_token: "" }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
});

test("shows what a backend says otherwise, and serves it once it was approved", async () => {
  const { url, control } = quirk("scripted");
  const offer = (text: string): object => ({
    "tools/list": { tools: [{ name: "send", description: text, inputSchema: { type: "object" } }] },
  });
  await control({ offer: offer("Sends a letter") });
  await configure({ mcpServers: { mail: { url, trust: "enforce" } } });
  await awaitReady(["mail"]);
  await control({ offer: offer(`Sends a\u200b letter ${HOSTILE}`) });
  await stubOf("mail").listChanged();
  const shown = await until(
    () => owner.get("/admin/backends/mail"),
    ({ html }) => html.includes("To review"),
  );
  expect(shown.html).toContain("⟦U+200B⟧");
  expect(shown.html).not.toContain("<script>alert");
  expect(await description()).toBe("Sends a letter");
  const verdict = /name="verdict" value="([^"]*approve[^"]*)"/.exec(shown.html)?.[1] ?? "";
  const stale = await owner.post("/admin/backends/mail/reviews", {
    verdict: JSON.stringify({ name: "send", hash: "0", verdict: "approve" }),
  });
  expect(stale.status).toBe(409);
  const done = await owner.post("/admin/backends/mail/reviews", {
    verdict: verdict.replaceAll("&quot;", '"'),
  });
  expect(done.location).toBe("/admin/backends/mail?done=decided");
  expect(await until(description, (text) => text.includes("onx"))).toContain(HOSTILE);

  async function description(): Promise<string> {
    const { result } = (await legacy("tools/list", {}, "/mcp/mail")).message;
    const [tool] = (result?.["tools"] ?? []) as { description?: string }[];
    return tool?.description ?? "";
  }
});

/** What takes the time of one refresh; the deadline is that of a change of policy. */
async function until<Value>(
  look: () => Promise<Value>,
  isThere: (value: Value) => boolean,
): Promise<Value> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop
    const value = await look();
    if (isThere(value) || Date.now() > deadline) return value;
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
