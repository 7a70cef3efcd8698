import { beforeAll, expect, test } from "vitest";
import { type Scripted, scripted } from "../support/scripted-backend.ts";
import { awaitReady, configure, type Init, sendAuthorized } from "../support/worker.ts";

/** What goes through the whole gateway and back, of a backend that writes what no parser keeps. */

const BIG = '{"z":12345678901234567890,"a":null,"n":1.0,"e":"\\u00e9"}';
const FAILURE =
  '{"isError":true,"content":[{"type":"text","text":"no"}],"_meta":{"n":9007199254740993}}';
const RESULTS: Record<string, string> = {
  structured: `{"content":[],"structuredContent":${BIG}}`,
  image: '{"content":[{"type":"image","data":"iVBORw0KGgo=","mimeType":"image/png"}]}',
  failing: FAILURE,
  long: `{"content":[{"type":"text","text":"${"é".repeat(1_500_000)}"}]}`,
};
const SCHEMA = {
  type: "object",
  properties: {
    e: { type: "string", enum: ["red", "green"] },
    n: { type: "integer", minimum: 1, maximum: 3, default: 2 },
    nul: { anyOf: [{ type: "string" }, { type: "null" }] },
    m: { type: "object", additionalProperties: { type: "integer" } },
    r: { $ref: "#/definitions/Q" },
  },
  definitions: { Q: { type: "string", maxLength: 3 } },
};

let backend: Scripted;

beforeAll(async () => {
  const texts = Object.entries(RESULTS).map(([name, result]) => [
    `tools/call ${name}`,
    { text: `{"jsonrpc":"2.0","id":$ID,"result":${result}}` },
  ]);
  backend = await scripted({
    ...Object.fromEntries(texts),
    "tools/list": {
      tools: [
        { name: "checked", inputSchema: SCHEMA },
        { name: "free", inputSchema: { type: "object", additionalProperties: true } },
        ...Object.keys(RESULTS).map((name) => ({ name, inputSchema: { type: "object" } })),
      ],
    },
    "tools/call": { content: [{ type: "text", text: "ok" }] },
  });
  await configure({ mcpServers: { odd: { url: backend.url } } });
  await awaitReady(["odd"]);
}, 30_000);

function call(tool: string, body: string, { headers, ...init }: Init = {}): Promise<Response> {
  return sendAuthorized(`/odd/${tool}`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
    ...init,
  });
}

test("gives a result byte for byte", async () => {
  const response = await call("structured", "{}");
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.text()).toBe(BIG);
});

test("gives an image as one data URI, or as its bytes to those who ask for them", async () => {
  expect(await (await call("image", "{}")).json()).toBe("data:image/png;base64,iVBORw0KGgo=");
  const raw = await call("image", "{}", { headers: { accept: "image/*" } });
  expect(raw.headers.get("content-type")).toBe("image/png");
  expect([...new Uint8Array(await raw.arrayBuffer())].slice(0, 4)).toEqual([137, 80, 78, 71]);
});

test("gives a long text whole", async () => {
  expect(await (await call("long", "{}")).json()).toBe("é".repeat(1_500_000));
});

test("gives a failure as it came to those who ask for the whole result", async () => {
  const response = await sendAuthorized("/odd/failing?result=whole", { method: "POST" });
  expect(response.status).toBe(500);
  expect(await response.text()).toBe(FAILURE);
});

test.each([
  ["checked", '{"nul":null,"later":[{}],"m":{"a":1}}'],
  ["checked", "{}"],
  ["free", '{"id":12345678901234567890,"__proto__":{"a":null}}'],
])("sends arguments of %s as they came: %s", async (tool, body) => {
  expect((await call(tool, body)).status).toBe(200);
  const last = (await backend.arrived()).at(-1)?.message;
  expect(last?.params?.["name"]).toBe(tool);
  expect(last?.params?.["arguments"]).toEqual(JSON.parse(body));
});

test("takes no arguments from the query", async () => {
  expect((await call("checked?e=purple&n=9", '{"n":1}')).status).toBe(200);
  const last = (await backend.arrived()).at(-1)?.message;
  expect(last?.params?.["arguments"]).toEqual({ n: 1 });
});

test("refuses arguments that do not fit and sends nothing", async () => {
  const before = (await backend.arrived()).length;
  const response = await call("checked", '{"e":"purple","n":0,"m":{"a":"b"},"r":"long"}');
  expect(response.status).toBe(422);
  expect(await response.json()).toEqual({
    detail: [
      {
        type: "literal_error",
        loc: ["body", "e"],
        msg: `Input should be 'red' or 'green', not "purple"`,
        input: "purple",
        ctx: { expected: "'red' or 'green'" },
      },
      {
        type: "greater_than_equal",
        loc: ["body", "n"],
        msg: "Input should be greater than or equal to 1, not 0",
        input: 0,
        ctx: { ge: 1 },
      },
      {
        type: "int_type",
        loc: ["body", "m", "a"],
        msg: 'Input should be a valid integer, not "b"',
        input: "b",
      },
      {
        type: "string_too_long",
        loc: ["body", "r"],
        msg: "String should have at most 3 characters",
        input: "long",
        ctx: { max_length: 3 },
      },
    ],
  });
  expect((await backend.arrived()).length).toBe(before);
});

test.each([
  ['{"a":', "application/json", 400, 422],
  ["a=1", "application/x-www-form-urlencoded", 415, 422],
  ["[]", "application/json", 422, 422],
  [`{"a":"${"x".repeat(5_000_000)}"}`, "application/json", 413, 413],
])("refuses %.20s of type %s", async (body, type, status, mcpo) => {
  const headers = { "content-type": type };
  expect((await call("checked", body, { headers })).status).toBe(status);
  expect((await call("checked?compat=mcpo", body, { headers })).status).toBe(mcpo);
});

test("reads and answers as mcpo where that is asked for", async () => {
  expect(await (await call("checked?compat=mcpo", '{"n":"2","e":null}')).text()).toBe('"ok"');
  const last = (await backend.arrived()).at(-1)?.message;
  expect(last?.params?.["arguments"]).toEqual({ n: 2 });
});
