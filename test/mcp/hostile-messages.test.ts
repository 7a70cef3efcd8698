import { beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { isJsonObject } from "../../src/core/json.ts";
import { type Ask, openRawSession } from "../support/raw-session.ts";
import {
  awaitReady,
  configure,
  readReply,
  type RpcReply,
  send,
  sendAsOwner,
  sendAuthorized,
} from "../support/worker.ts";

/** Every message is judged the same whether it names a session or not, and a session survives it. */

const mine: Ask = sendAuthorized;
/** May call one tool of the backend. */
let narrow: Ask;

beforeAll(async () => {
  await configure({ mcpServers: { one: { url: inject("fixtures").legacyJson } } });
  await awaitReady(["one"]);
  const response = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "narrow", allow: ["one/echo"] }),
  });
  const { key } = (await response.json()) as { key: string };
  narrow = (path, init) =>
    send(path, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } });
}, 30_000);

type Sent = string | Uint8Array<ArrayBuffer>;
type Post = (body: Sent, headers?: Record<string, string>) => Promise<RpcReply>;

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

function posting(session: Record<string, string>, ask: typeof sendAuthorized): Post {
  return (body, headers = {}) =>
    ask("/mcp/one", {
      method: "POST",
      headers: { "content-type": "application/json", ...session, ...headers },
      body,
    }).then(readReply);
}

describe.each(["", "with a session"])("a message %s", (kind) => {
  let post: Post;
  let postNarrow: Post;

  beforeEach(async () => {
    const of = async (ask: Ask): Promise<Record<string, string>> =>
      kind === ""
        ? {}
        : {
            "mcp-session-id": (await openRawSession(ask, { path: "/mcp/one" })).id,
            "mcp-protocol-version": "2025-11-25",
          };
    post = posting(await of(mine), sendAuthorized);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it sends whatever it is given
    postNarrow = posting(await of(narrow), narrow as typeof sendAuthorized);
  });

  test.each(["", "{", "nonsense", '{"jsonrpc":"2.0",'])("of %j is a parse error", async (body) => {
    const { status, message } = await post(body);
    expect(status).toBe(400);
    expect(message).toMatchObject({ id: null, error: { code: -32700 } });
    expect((await post(PING)).status).toBe(200);
  });

  test.each([
    "null",
    "1",
    '"x"',
    "[]",
    "{}",
    '{"jsonrpc":"1.0","id":1,"method":"ping"}',
    '{"id":1,"method":"ping"}',
    '{"jsonrpc":"2.0","id":true,"method":"ping"}',
    '{"jsonrpc":"2.0","id":null,"method":"ping"}',
    '{"jsonrpc":"2.0","id":{},"method":"ping"}',
    '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1,"method":7}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}',
  ])("that is %s is an invalid request", async (body) => {
    const { status, message } = await post(body);
    expect(status).toBe(400);
    expect(message).toMatchObject({ error: { code: -32600 } });
    expect((await post(PING)).status).toBe(200);
  });

  test.each([1_024, 20_480, 1_048_576])("comes back under its id of %i bytes", async (length) => {
    const id = "x".repeat(length);
    expect((await post(JSON.stringify({ jsonrpc: "2.0", id, method: "ping" }))).message).toEqual({
      jsonrpc: "2.0",
      id,
      result: {},
    });
  });

  test.each([
    "nonsense/method",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "valueOf",
    "",
  ])("knows nothing by the name %j", async (name) => {
    const method = await post(JSON.stringify({ jsonrpc: "2.0", id: 1, method: name }));
    expect(method.message).toMatchObject({ error: { code: -32601 } });
    for (const asked of ["tools/call", "prompts/get"]) {
      const params = { name, arguments: {} };
      const body = { jsonrpc: "2.0", id: 1, method: asked, params };
      expect((await post(JSON.stringify(body))).message).toMatchObject({
        error: { code: -32602 },
      });
    }
  });

  test("with __proto__ among its arguments changes nothing but itself", async () => {
    const { message } = await post(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"__proto__":{"polluted":1},"a":1}}}',
    );
    expect(JSON.stringify(message.result)).toContain('\\"a\\":1');
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    expect((await post(PING)).message.result).toEqual({});
  });

  test("with a member twice means the last one, for the gateway as for the backend", async () => {
    const { message } = await postNarrow(
      '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"test_simple_text","name":"echo","arguments":{"x":1,"x":2}}}',
    );
    expect(message.result).toMatchObject({ content: [{ text: '{"x":2}' }] });
    const forbidden = await postNarrow(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"test_simple_text","arguments":{}}}',
    );
    expect(forbidden.message).toMatchObject({ error: { code: -32602 } });
  });

  test("in broken UTF-8 reads the same everywhere, and behind a byte order mark", async () => {
    const [head, tail] = [
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"t":"',
      '"}}}',
    ].map((part) => new TextEncoder().encode(part));
    const broken = new Uint8Array([...(head ?? []), 0xff, 0xc0, 0xaf, ...(tail ?? [])]);
    const { status, message } = await post(broken);
    expect(status).toBe(200);
    expect(message.result).toMatchObject({ content: [{ text: '{"t":"\uFFFD\uFFFD\uFFFD"}' }] });
    const marked = await post(
      new Uint8Array([0xef, 0xbb, 0xbf, ...new TextEncoder().encode(PING)]),
    );
    expect(marked.message).toMatchObject({ id: 1, result: {} });
  });

  test.each([
    "text/plain",
    "application/jsonx",
    "text/plain, application/json",
    "multipart/form-data",
  ])("of the type %s is refused", async (type) => {
    expect((await post(PING, { "content-type": type })).status).toBe(415);
  });

  test("of more than 4 MiB is refused", async () => {
    const params = { x: "y".repeat(4 * 1_024 * 1_024) };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping", params });
    expect((await post(body)).status).toBe(413);
  });

  test.each(["1900-01-01", "garbage", "2099-01-01"])(
    "under the version %s is refused with those that are known",
    async (version) => {
      const { status, message } = await post(PING, { "mcp-protocol-version": version });
      expect(status).toBe(400);
      expect(message.error?.data).toMatchObject({
        supported: expect.arrayContaining(["2025-11-25", "2026-07-28"]),
      });
    },
  );

  test("of an origin that is not welcome is refused", async () => {
    const { status } = await post(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{}}}',
      {
        origin: "https://evil.example",
      },
    );
    expect(status).toBe(403);
  });

  test("is one of a batch: each is judged alone", async () => {
    const call = (id: number, name: string) => ({
      jsonrpc: "2.0",
      id,
      method: "tools/call",
      params: { name, arguments: { id } },
    });
    const batch = [
      call(1, "echo"),
      call(2, "test_simple_text"),
      call(3, "nobody"),
      call(4, "echo"),
    ];
    const { status, text } = await postNarrow(JSON.stringify([...batch, 7]));
    expect(status).toBe(200);
    const all = JSON.parse(text) as unknown[];
    const answers = all.filter(isJsonObject);
    expect(answers.map(({ id }) => id)).toEqual([1, 2, 3, 4, null]);
    const codes = answers.map(({ error }) => (isJsonObject(error) ? error["code"] : "fine"));
    expect(codes).toEqual(["fine", -32602, -32602, "fine", -32600]);
  });

  test("is one of a batch of more than 100: all are refused", async () => {
    const { status, message } = await post(`[${Array(101).fill(PING).join(",")}]`);
    expect(status).toBe(400);
    expect(message).toMatchObject({ error: { code: -32600 } });
    expect((await post(PING)).status).toBe(200);
  });
});

test("a batch of a session that is not there is refused as a whole", async () => {
  const post = posting({ "mcp-session-id": "never-opened" }, sendAuthorized);
  const { status, message } = await post(`[${PING}]`);
  expect(status).toBe(404);
  expect(message).toMatchObject({ error: { code: -32001 } });
});
