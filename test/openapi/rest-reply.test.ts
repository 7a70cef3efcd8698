import { describe, expect, test } from "vitest";
import { DEFAULT_OPENAPI } from "../../src/config/openapi-config.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { RpcResponse } from "../../src/core/json-rpc.ts";
import { afterTimeout } from "../../src/core/patience.ts";
import { toRestReply } from "../../src/openapi/rest-reply.ts";
import { visibleTool } from "../support/visible-tool.ts";

type Asked = {
  compat?: boolean;
  accept?: string;
  query?: string;
  outputSchema?: JsonObject;
};

/** The result is the text that a backend wrote. */
function reply(result: string, { compat = false, accept, query, ...rest }: Asked = {}) {
  const text = `{"jsonrpc":"2.0","id":1,"result":${result}}`;
  const { tool, ...place } = visibleTool("b", "t");
  return toRestReply(
    { text, message: () => JSON.parse(text) as RpcResponse },
    { ...place, tool: { ...tool, ...rest } },
    {
      request: new Request("https://gateway.test/b/t", {
        method: "POST",
        headers: accept === undefined ? {} : { accept },
      }),
      query: query === undefined ? undefined : new URLSearchParams(query),
      context: {
        signal: new AbortController().signal,
        after: afterTimeout,
        waitUntil: () => {},
        requestId: "r1",
      },
      config: DEFAULT_OPENAPI,
      compat,
    },
  );
}

const text = (value: string): string => JSON.stringify({ type: "text", text: value });
const content = (...blocks: string[]): string => `{"content":[${blocks.join(",")}]}`;
const IMAGE = '{"type":"image","data":"AAAA","mimeType":"image/png"}';
const AUDIO = '{"type":"audio","data":"AAAA","mimeType":"audio/wav"}';
const EMBEDDED =
  '{"type":"resource","annotations":{"priority":1},"resource":{"uri":"memo://a","mimeType":"text/html","text":"<b>","_meta":{"a":1}},"_meta":{"b":2}}';
const EMBEDDED_VALUE =
  '{"type":"resource","annotations":{"priority":1},"uri":"memo://a","mimeType":"text/html","text":"<b>","_meta":{"a":1,"b":2}}';
const LINK = '{"type":"resource_link","uri":"memo://a","name":"a","size":12345678901234567890}';
const PNG = '"data:image/png;base64,AAAA"';
const UNSUPPORTED = '"Embedded resource not supported yet."';
/** No parser keeps these numbers. */
const BIG = '{"z":12345678901234567890,"a":null,"n":1.0}';

/** What mcpo answers stands beside what we answer, by default and where mcpo's way is asked for. */
describe.each([
  ["C51 one text", content(text("hello")), '"hello"', '"hello"'],
  [
    "C52 a text that is an object",
    content(text('{"a":1,"b":null}')),
    '{"a":1,"b":null}',
    '{"a":1,"b":null}',
  ],
  ["C53 several texts", content(text("one"), text("2")), '["one","2"]', '["one",2]'],
  ["C54 a text that says true", content(text("true")), '"true"', "true"],
  ["C54 a text that says null", content(text("null")), '"null"', "null"],
  ["C54 a text that is a decimal", content(text("1.10")), '"1.10"', "1.1"],
  ["C55 a text that says NaN", content(text("NaN")), '"NaN"', "null"],
  ["C56 an image", content(IMAGE), PNG, PNG],
  [
    "C57 text, image and resource",
    content(text("cap"), IMAGE, EMBEDDED),
    `["cap",${PNG},${EMBEDDED_VALUE}]`,
    `["cap",${PNG},${UNSUPPORTED}]`,
  ],
  ["C58 an embedded resource", content(EMBEDDED), EMBEDDED_VALUE, EMBEDDED_VALUE],
  ["C59 a sound", content(AUDIO), '"data:audio/wav;base64,AAAA"', '"data:audio/wav;base64,AAAA"'],
  ["C60 text and a link", content(text("see"), LINK), `["see",${LINK}]`, `["see",${LINK}]`],
  ["C61 structured content alone", `{"structuredContent":${BIG}}`, BIG, BIG],
  [
    "C62 text and structured content",
    `{"content":[${text("a summary")}],"structuredContent":${BIG}}`,
    BIG,
    BIG,
  ],
  ["C63 nothing", content(), "[]", "[]"],
])("%s", (_, result, value, mcpo) => {
  test("is given whole", async () => {
    const response = reply(result);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("x-request-id")).toBe("r1");
    expect(await response.text()).toBe(value);
  });

  test("is given as mcpo gives it to those who ask for that", async () => {
    expect(await reply(result, { compat: true }).text()).toBe(mcpo);
  });
});

describe("C64 a tool with an output schema", () => {
  const outputSchema = { type: "object", properties: { temp: { type: "number" } } };
  const value = '{"temp":1.5,"cond":null,"extra":1}';
  const result = `{"content":[${text(value)}],"structuredContent":${value}}`;

  test.each([false, true])("keeps nulls and undeclared keys (compat %s)", async (compat) => {
    expect(await reply(result, { compat, outputSchema }).text()).toBe(value);
  });

  test("answers with what its schema says and nothing beside", async () => {
    const both = `{"content":[${IMAGE}],"structuredContent":${value}}`;
    expect(await reply(both, { outputSchema }).text()).toBe(value);
    expect(await reply(both).text()).toBe(`[${value},${PNG}]`);
  });
});

describe("structured content that only says again what the text says", () => {
  const wrapped = `{"content":[${text("1.10")}],"structuredContent":{"result":1.1}}`;
  const list = `{"content":[${text('{"a":1}')},${text("x")}],"structuredContent":{"result":[{"a":1},"x"]}}`;

  test("is what a caller gets", async () => {
    expect(await reply(wrapped).text()).toBe('{"result":1.1}');
  });

  test("is left out where mcpo's way is asked for", async () => {
    expect(await reply(wrapped, { compat: true }).text()).toBe("1.1");
    expect(await reply(list, { compat: true }).text()).toBe('[{"a":1},"x"]');
  });
});

test("takes no nesting for the same that is too deep to compare", async () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const result = `{"content":[${text(deep)}],"structuredContent":{"result":${deep}}}`;
  expect(await reply(result, { compat: true }).text()).toBe(`{"result":${deep}}`);
});

test.each([
  [
    '{"a":NaN,"b":[-Infinity],"c":"NaN \\"Infinity"}',
    '{"a":null,"b":[null],"c":"NaN \\"Infinity"}',
  ],
  ["Infinity", "null"],
  ["1e999", "null"],
  ["-12345678901234567890", "-12345678901234567890"],
  ["007", '"007"'],
  [" 5 ", " 5 "],
  ["NaNny", '"NaNny"'],
  ["", '""'],
  ['"\\"NaN', JSON.stringify('"\\"NaN')],
])("reads the text %j as Python does where mcpo's way is asked for", async (said, value) => {
  expect(await reply(content(text(said)), { compat: true }).text()).toBe(value);
});

test("gives a text that is JSON byte for byte", async () => {
  const said = ' {"z":12345678901234567890,\n"a":1.0, "e":"\\u00e9"} ';
  expect(await reply(content(text(said))).text()).toBe(said);
  expect(await reply(content(text("[1.0]"))).text()).toBe("[1.0]");
});

test.each([
  "007",
  "1.10",
  "NaN",
  "true",
  "null",
  "[1",
  "{not json}",
  '"quoted"',
  "",
  "🙂",
  "\ud800",
])("leaves the text %j a string", async (said) => {
  expect(await reply(content(text(said))).json()).toBe(said);
  expect(await reply(content(text(said), text("x"))).json()).toEqual([said, "x"]);
});

test("drops no block, not even one that nobody knows", async () => {
  const odd = [
    '{"type":"video","later":1.0}',
    '{"type":"text"}',
    '{"type":"image","mimeType":"image/png"}',
    '{"type":"resource"}',
    "null",
    "7",
  ];
  expect(await reply(content(...odd)).text()).toBe(`[${odd.join(",")}]`);
});

test("keeps a null that is all there is", async () => {
  expect(await reply('{"structuredContent":null}').text()).toBe("null");
  expect(await reply(`{"structuredContent":null,"content":[${text("x")}]}`).text()).toBe('"x"');
});

test("gives an empty list for a result without content", async () => {
  expect(await reply("{}").text()).toBe("[]");
  expect(await reply('{"content":"x"}').text()).toBe("[]");
});

describe("a client that accepts something else than JSON", () => {
  test.each([
    [content(text("a"), text("b")), "text/plain", "text/plain; charset=utf-8", "a\n\nb"],
    [content(text('{"a":1}')), "text/*", "text/plain; charset=utf-8", '{"a":1}'],
    [content(text("cap"), IMAGE), "image/*", "image/png", "\0\0\0"],
    [content(AUDIO), "audio/wav, application/json;q=0.5", "audio/wav", "\0\0\0"],
    [content(EMBEDDED), "text/html", "text/html; charset=utf-8", "<b>"],
    [
      content('{"type":"resource","resource":{"uri":"a:b","blob":"AAAA"}}'),
      "application/octet-stream",
      "application/octet-stream",
      "\0\0\0",
    ],
  ])("gets %s as %s", async (result, accept, type, body) => {
    const response = reply(result, { accept });
    expect(response.headers.get("content-type")).toBe(type);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(new TextDecoder().decode(await response.arrayBuffer())).toBe(body);
  });

  test.each([
    [content(text("a"), IMAGE), "text/plain"],
    [content(IMAGE, IMAGE), "image/png"],
    [content(IMAGE), "image/jpeg"],
    [content(IMAGE), "application/json, image/png"],
    [content('{"type":"image","data":"no base64","mimeType":"image/png"}'), "image/png"],
    [content('{"type":"image","data":"AAAA","mimeType":"nonsense"}'), "image/*"],
    [content(), "text/plain"],
  ])("gets %s as JSON for %s", (result, accept) => {
    expect(reply(result, { accept }).headers.get("content-type")).toBe("application/json");
  });

  test("gets JSON where mcpo's way is asked for, as mcpo knows nothing else", async () => {
    expect(await reply(content(IMAGE), { accept: "image/*", compat: true }).text()).toBe(PNG);
  });

  test("gets what a browser could run as a file", () => {
    const { headers } = reply(content(EMBEDDED), { accept: "text/html" });
    expect(headers.get("content-disposition")).toBe("attachment");
    expect(headers.get("content-security-policy")).toContain("sandbox");
  });
});

test("gives the whole result to those who ask for it, a failure with its status", async () => {
  const whole = `{ "content":[${IMAGE}],"structuredContent":${BIG},"_meta":{"x/y":1.0},"later":[] }`;
  expect(await reply(whole, { query: "?result=whole" }).text()).toBe(whole);
  const failure = `{"isError":true,"content":[${text("no")}]}`;
  const failed = reply(failure, { query: "?a=b&result=whole", compat: true });
  expect(failed.status).toBe(500);
  expect(await failed.text()).toBe(failure);
  expect(await reply(content(IMAGE), { query: "?result=all" }).text()).toBe(PNG);
});

describe("a result of eight megabytes", () => {
  const long = `${"x".repeat(8 * 1024 * 1024 - 1)}é"`;

  test("arrives in pieces and whole", async () => {
    expect(await reply(content(text(long))).json()).toBe(long);
    const structured = `{"a":${JSON.stringify(long)}}`;
    expect(await reply(`{"structuredContent":${structured}}`).text()).toBe(structured);
    const raw = await reply(content(text(long)), { accept: "text/plain" }).text();
    expect(raw).toBe(long);
  });

  test("of quotes and backslashes takes no longer than its length", async () => {
    for (const said of [
      `"${'\\"'.repeat(500_000)}NaN`,
      '"'.repeat(1_000_001),
      "[".repeat(1_000_000),
    ]) {
      expect(await reply(content(text(said)), { compat: true }).json()).toBe(said);
      expect(await reply(content(text(said))).json()).toBe(said);
    }
  });
});
