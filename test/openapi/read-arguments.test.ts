import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import { passed, refusal } from "../support/rest-arguments.ts";

const ANY: JsonObject = { type: "object" };
const FREE: JsonObject = { type: "object", additionalProperties: true };
const NONE: JsonObject = { type: "object", properties: {}, additionalProperties: false };
const ONE: JsonObject = { type: "object", properties: { a: { type: "integer" } } };

describe("reach the backend as they were sent", () => {
  test.each([
    [ONE, '{"a":1,"later":{"b":[null,{}]}}'],
    [ANY, '{"a":null,"b":{},"c":[],"d":""}'],
    [FREE, '{"x":1,"arguments":{"y":2}}'],
    [FREE, '{"arguments":[1]}'],
    [ANY, '{"arguments":{"y":2}}'],
    [{ type: "object", properties: { arguments: { type: "object" } } }, '{"arguments":{"y":2}}'],
    [NONE, "{}"],
    [ANY, '{"__proto__":{"polluted":true},"constructor":{"prototype":1}}'],
    [ANY, '{"big":12345678901234567890,"exact":0.10000000000000000000001,"zero":-0,"e":1E400}'],
    [FREE, '{"text":"12345678901234567890 and 1e5"}'],
    [ANY, '{"a":"\\ud800","b":"🙂","c":"\\u2028"}'],
  ])("with %j: %s", async (inputSchema, body) => {
    const sent = await passed(inputSchema, body);
    expect(sent.replaceAll("\u2028", "\\u2028")).toBe(body);
    expect({}).not.toHaveProperty("polluted");
  });

  test("without a default that the caller did not write", async () => {
    const inputSchema = { properties: { n: { type: "integer", default: 2 } } };
    expect(await passed(inputSchema, "{}")).toBe("{}");
  });

  test("out of the one argument that documents give a free-form tool", async () => {
    expect(await passed(FREE, '{"arguments":{"x":12345678901234567890}}')).toBe(
      '{"x":12345678901234567890}',
    );
  });

  test.each([
    [null, null],
    ["", "application/json"],
    ["", "application/x-www-form-urlencoded"],
    [" \n", "text/plain"],
  ])("as none from the body %j of type %j", async (body, type) => {
    expect(await passed(ONE, body, { type })).toBe("{}");
    expect(await passed(NONE, body, { type, compat: true })).toBe("{}");
  });

  test.each([
    "application/json; charset=utf-8",
    "Application/JSON",
    "application/ld+json",
    "application/vnd.api+json ; a=b",
  ])("from a body of type %s", async (type) => {
    expect(await passed(ONE, '{"a":1}', { type })).toBe('{"a":1}');
  });
});

/** The same odd values in every run. */
function* oddValues(seed: number): Generator<JsonValue, never> {
  let state = seed;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const letters = [
    "a",
    '"',
    "\\",
    "/",
    "\u0000",
    "\u2028",
    "é",
    "🙂",
    "\ud800",
    "\udc00",
    "{",
    "__proto__",
  ];
  const text = (): string =>
    Array.from({ length: below(6) }, () => letters[below(letters.length)] ?? "").join("");
  const make = (depth: number): JsonValue => {
    const kind = below(depth > 4 ? 5 : 7);
    if (kind === 0) return null;
    if (kind === 1) return below(2) === 1;
    if (kind === 2) return (below(2) === 1 ? -1 : 1) * below(2 ** 30) * 10 ** (below(40) - 20);
    if (kind === 3 || kind === 4) return text();
    const inner = Array.from({ length: below(5) }, () => make(depth + 1));
    return kind === 5 ? inner : Object.fromEntries(inner.map((one) => [text(), one]));
  };
  for (;;) yield make(0);
}

test("values of every kind arrive character by character", async () => {
  const values = oddValues(7);
  for (let round = 0; round < 500; round += 1) {
    const body = JSON.stringify({ a: values.next().value, b: values.next().value });
    expect(await passed(FREE, body)).toBe(body);
    expect(await passed(ANY, body, { compat: true })).toBe(body);
  }
});

describe("are refused", () => {
  test.each([null, "application/x-www-form-urlencoded", "text/json", "application/jsonp"])(
    "as a body of type %j, with the type to send",
    async (type) => {
      expect(await refusal(ONE, "a=1", { type })).toMatchObject([
        "unsupported_media_type",
        expect.stringContaining('"Content-Type: application/json"'),
      ]);
    },
  );

  test.each([
    ['{"a":1', 'expected "," or "}" at position 7, found the end'],
    ["{'a':1}", `expected a name in double quotes at position 2, found "'"`],
    ['{"a":NaN}', 'expected a value at position 6, found "N"'],
  ])("as %s, with the place where it stops being JSON", async (body, words) => {
    expect(await refusal(ONE, body)).toEqual([
      "invalid_request",
      `Cannot read the arguments: the body is not JSON, ${words}`,
    ]);
  });

  test.each(["[]", '"a"', "1", "null"])("as %s, which is no object", async (body) => {
    expect(await refusal(ONE, body)).toEqual([
      {
        type: "model_attributes_type",
        loc: ["body"],
        msg: "Input should be a valid dictionary or object to extract fields from",
        input: JSON.parse(body),
      },
    ]);
  });

  test("when they are nested without end", async () => {
    const nested = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    expect(await refusal(ANY, nested)).toMatchObject(["invalid_request", expect.any(String)]);
    const list = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(await refusal(ANY, list)).toMatchObject(["invalid_request", expect.any(String)]);
    const some = `{"a":${"[".repeat(150)}${"]".repeat(150)}}`;
    expect(await passed(ANY, some)).toBe(some);
  });

  test("when they are too long", async () => {
    const long = JSON.stringify({ a: "x".repeat(4 * 1024 * 1024) });
    expect(await refusal(ANY, long)).toMatchObject(["too_large", expect.any(String)]);
    expect(await refusal(ANY, long, { type: "text/plain" })).toMatchObject([
      "too_large",
      expect.any(String),
    ]);
  });

  test("when one is missing that has to be there, also where nothing was sent", async () => {
    const inputSchema = { properties: { a: {} }, required: ["a"] };
    const missing = { type: "missing", loc: ["body", "a"], msg: "Field required", input: {} };
    expect(await refusal(inputSchema, null)).toEqual([missing]);
    expect(await refusal(inputSchema, "{}")).toEqual([missing]);
  });

  test("when the tool takes none", async () => {
    expect(await refusal(NONE, '{"a":1}')).toMatchObject([{ type: "extra_forbidden" }]);
  });
});

/** C46 and C50, and what mcpo drops since its PR 8. */
describe("where mcpo's way is asked for", () => {
  const compat = true;

  test.each([
    ["integer", '"5"', "5"],
    ["integer", '" -5.0 "', "-5"],
    ["integer", "true", "1"],
    ["number", '"1.5"', "1.5"],
    ["number", '"1e3"', "1000"],
    ["boolean", '"yes"', "true"],
    ["boolean", '"OFF"', "false"],
    ["boolean", "1", "true"],
    ["string", '"5"', '"5"'],
  ])("a %s may be written %s", async (type, written, read) => {
    for (const schema of [
      { type },
      { anyOf: [{ type }, { type: "null" }] },
      { type: [type, "null"] },
      { $ref: "#/$defs/t" },
    ]) {
      const inputSchema = {
        properties: { a: schema, list: { items: { properties: { a: schema } } } },
        $defs: { t: { type } },
      };
      const body = `{"a":${written},"list":[{"a":${written}}]}`;
      expect(await passed(inputSchema, body, { compat })).toBe(
        `{"a":${read},"list":[{"a":${read}}]}`,
      );
    }
  });

  test.each([
    ["integer", "5.5"],
    ["integer", '"5.5"'],
    ["integer", '"five"'],
    ["number", '"NaN"'],
    ["boolean", '"maybe"'],
    ["string", "5"],
  ])("a %s may not be written %s", async (type, written) => {
    const inputSchema = { properties: { a: { type } } };
    expect(await refusal(inputSchema, `{"a":${written}}`, { compat })).toMatchObject([
      { loc: ["body", "a"] },
    ]);
  });

  test("only there", async () => {
    expect(await refusal(ONE, '{"a":"5"}')).toMatchObject([{ type: "int_type" }]);
    expect(await refusal(ONE, '{"a":null}')).toMatchObject([{ type: "int_type" }]);
  });

  test("a null that is not allowed is no value, one that is allowed is sent", async () => {
    const inputSchema = {
      required: ["must"],
      properties: {
        a: { type: "string" },
        b: { type: ["string", "null"] },
        c: { anyOf: [{ type: "string" }, { type: "null" }] },
        d: {},
        e: { properties: { f: { type: "integer" } } },
        must: { type: "integer" },
      },
    };
    const body = '{"a":null,"b":null,"c":null,"d":null,"e":{"f":null},"must":1,"else":null}';
    expect(await passed(inputSchema, body, { compat })).toBe(
      '{"b":null,"c":null,"d":null,"e":{},"must":1,"else":null}',
    );
    expect(await refusal(inputSchema, '{"must":null}', { compat })).toMatchObject([
      { type: "int_type", loc: ["body", "must"] },
    ]);
  });

  test("what a tool does not take is dropped, what it may take is sent", async () => {
    const closed = { properties: { a: { type: "integer" } }, additionalProperties: false };
    expect(await passed(closed, '{"a":"1","b":2}', { compat })).toBe('{"a":1}');
    expect(await passed(NONE, '{"b":2}', { compat })).toBe("{}");
    expect(await passed(ONE, '{"b":2}', { compat })).toBe('{"b":2}');
  });

  test("alternatives that double with each level are left as they are", async () => {
    const levels = Array.from({ length: 40 }, (_, level) => {
      const next = { $ref: `#/$defs/l${level + 1}` };
      return [`l${level}`, { anyOf: [next, next] }];
    });
    const $defs = { ...Object.fromEntries(levels), l40: { type: "integer" } };
    const inputSchema = { properties: { a: { $ref: "#/$defs/l0" } }, $defs };
    expect(await passed(inputSchema, '{"a":"5"}', { compat })).toBe('{"a":"5"}');
  });

  test("big numbers keep their digits", async () => {
    const inputSchema = { properties: { a: { type: "integer" }, b: { type: "integer" } } };
    expect(await passed(inputSchema, '{"a":12345678901234567890,"b":"5"}', { compat })).toBe(
      '{"a":12345678901234567890,"b":5}',
    );
  });

  test("malformed JSON is a fault of the arguments", async () => {
    expect(await refusal(ONE, '{"a":}', { compat })).toMatchObject([
      { type: "json_invalid", loc: ["body", 5], msg: "JSON decode error", input: {} },
    ]);
  });

  test("a list is one too", async () => {
    expect(await refusal(ONE, "[1]", { compat })).toMatchObject([
      { type: "model_attributes_type", loc: ["body"], input: [1] },
    ]);
  });

  test("no body is one where arguments could be", async () => {
    expect(await refusal(ONE, null, { compat })).toEqual([
      { type: "missing", loc: ["body"], msg: "Field required", input: null },
    ]);
  });

  test("a form is one as well", async () => {
    const type = "application/x-www-form-urlencoded";
    expect(await refusal(ONE, "a=1", { compat, type })).toMatchObject([
      { type: "model_attributes_type", loc: ["body"], input: "a=1" },
    ]);
  });
});
