import { beforeAll, describe, expect, test } from "vitest";
import { scripted } from "../support/scripted-backend.ts";
import { awaitReady, configure, sendAuthorized } from "../support/worker.ts";

const DEEP = "[".repeat(100_000) + "]".repeat(100_000);

const text = (result: string): object => ({
  text: `{"jsonrpc":"2.0","id":$ID,"result":${result}}`,
});
const image = (mimeType: string, data: string): object => ({
  content: [{ type: "image", mimeType, data }],
});

const RESULTS: Readonly<Record<string, object>> = {
  structured: text(`{"content":[],"structuredContent":{"a":${DEEP}}}`),
  block: text(`{"content":[{"type":"other","a":${DEEP}}]}`),
  resource: text(
    `{"content":[{"type":"resource","resource":{"uri":"a:b","text":"x","a":${DEEP}}}]}`,
  ),
  words: text(JSON.stringify({ content: [{ type: "text", text: DEEP }] })),
  failed: text(`{"content":[],"isError":true,"structuredContent":{"a":${DEEP}}}`),
  refused: {
    text: `{"jsonrpc":"2.0","id":$ID,"error":{"code":-32000,"message":"m","data":${DEEP}}}`,
  },
  twice: text(
    '{"content":[{"type":"text","text":"1st"}],"content":[{"type":"text","text":"2nd"}]}',
  ),
  proto: text(
    '{"__proto__":{"isError":true},"content":[],"structuredContent":{"__proto__":{"a":1}}}',
  ),
  odd: text('{"content":[null,1,{"type":"text"},{"type":"image"},{"type":"resource"}]}'),
  many: { content: Array.from({ length: 100_000 }, () => ({ type: "text", text: "x" })) },
  split: image("image/png\r\nx-evil: 1", "AAAA"),
  broken: image("image/png", "%%%"),
  page: image("text/html", btoa("<script>1</script>")),
  drawing: image("image/svg+xml", btoa("<svg/>")),
};

beforeAll(async () => {
  const { url } = await scripted({
    "tools/list": {
      tools: Object.keys(RESULTS).map((name) => ({ name, inputSchema: { type: "object" } })),
    },
    ...Object.fromEntries(
      Object.entries(RESULTS).map(([name, one]) => [`tools/call ${name}`, one]),
    ),
  });
  await configure({ mcpServers: { hostile: { url } } });
  await awaitReady(["hostile"]);
}, 30_000);

async function call(tool: string, accept = "*/*", query = "") {
  const path = `/hostile/${tool}${query}`;
  const response = await sendAuthorized(path, { method: "POST", headers: { accept } });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe.each(["", "?compat=mcpo"])("a call with the query %j", (query) => {
  test.each(["structured", "block", "resource", "words"])(
    "passes on what is nested without end in %s",
    async (tool) => {
      const { status, text: body } = await call(tool, "*/*", query);
      expect(status).toBe(200);
      expect(body).toContain(DEEP);
    },
  );

  test.each(["failed", "refused"])("fails as the tool did with %s", async (tool) => {
    const { status, text: body } = await call(tool, "*/*", query);
    expect(status).toBe(500);
    expect(body).not.toContain("internal");
    expect(body.length).toBeLessThan(1_000);
  });

  test("answers with as many blocks as there are", async () => {
    const { status, text: body } = await call("many", "*/*", query);
    expect([status, (JSON.parse(body) as unknown[]).length]).toEqual([200, 100_000]);
  });
});

test("reads a member that is there twice as the last of them", async () => {
  expect((await call("twice")).text).toBe('"2nd"');
});

test("takes no name for the object's own", async () => {
  const { status, text: body } = await call("proto");
  expect([status, body]).toEqual([200, '{"__proto__":{"a":1}}']);
});

test("passes on blocks that are none", async () => {
  expect((await call("odd")).text).toBe(
    '[null,1,{"type":"text"},{"type":"image"},{"type":"resource"}]',
  );
});

test.each(["split", "broken"])("gives no bytes of what is no medium: %s", async (tool) => {
  const { status, headers } = await call(tool, "image/*");
  expect([status, headers.get("content-type")]).toEqual([200, "application/json"]);
  expect(headers.get("x-evil")).toBeNull();
});

test.each([
  ["page", "text/html"],
  ["drawing", "image/svg+xml"],
])("gives a %s as a file that no browser runs", async (tool, type) => {
  const { headers } = await call(tool, type);
  expect(headers.get("content-type")).toBe(type);
  expect(headers.get("content-disposition")).toBe("attachment");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
});
