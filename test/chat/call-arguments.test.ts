import { expect, test } from "vitest";
import { parseCallArguments } from "../../src/chat/call-arguments.ts";

const SCHEMA = {
  type: "object",
  properties: {
    zip: { type: "string" },
    count: { type: "integer" },
    ratio: { type: "number" },
    on: { type: "boolean" },
    maybe: { type: ["string", "null"] },
  },
};

function values(text: string): unknown {
  const parsed = parseCallArguments(text, SCHEMA);
  return parsed.kind === "arguments" ? parsed.value : parsed.message;
}

test("passes a JSON object on as it is", () => {
  expect(values('{"a": [1, {"b": null}], "zip": 5}')).toEqual({ a: [1, { b: null }], zip: 5 });
  expect(values("")).toEqual({});
});

test("says where JSON stops being JSON", () => {
  expect(values('{"a": }')).toBe('not valid JSON: expected a value at position 7, found "}"');
  expect(values("{a: 1}")).toBe(
    'not valid JSON: expected a name in double quotes at position 2, found "a"',
  );
  expect(values('{"a": 1')).toBe(
    'not valid JSON: expected "," or "}" at position 8, found the end',
  );
  expect(values('{"a": 1} x')).toBe('not valid JSON: expected the end at position 10, found "x"');
  expect(values('{"a" 1}')).toBe('not valid JSON: expected ":" at position 6, found "1"');
  expect(values('{"a": "b')).toBe(
    'not valid JSON: expected a complete string at position 7, found """',
  );
});

test("wants an object", () => {
  expect(values("[1]")).toContain("must be a JSON object");
});

test("reads name=value pairs as the schema types them", () => {
  expect(values("zip=007 count=12 ratio=1.50 on=true maybe=null")).toEqual({
    zip: "007",
    count: 12,
    ratio: 1.5,
    on: true,
    maybe: "null",
  });
});

test("takes values the schema does not know for what they look like", () => {
  expect(values("a=1 b=true c=null d=word e=007 f=1.10 g=-2.5")).toEqual({
    a: 1,
    b: true,
    c: null,
    d: "word",
    e: "007",
    f: "1.10",
    g: -2.5,
  });
});

test("reads quoted and nested values", () => {
  expect(
    values(String.raw`a="two \"words\"" b='it' c=“curly ones” d={"x": "} "} e=[1, 2]`),
  ).toEqual({
    a: 'two "words"',
    b: "it",
    c: "curly ones",
    d: { x: "} " },
    e: [1, 2],
  });
  expect(values(String.raw`path="C:\data"`)).toEqual({ path: String.raw`C:\data` });
});

test("says where pairs stop being pairs", () => {
  expect(values("a=1 oops")).toBe("expected name=value at position 5");
  expect(values('a="open')).toBe('the value of "a" is not valid: the closing quote is missing');
  expect(values("a={1}")).toContain('the value of "a" is not valid: expected a name');
});

test("keeps a name like __proto__ an ordinary one", () => {
  const parsed = parseCallArguments("__proto__=1", SCHEMA);
  expect(JSON.stringify(parsed)).toBe('{"kind":"arguments","value":{"__proto__":1}}');
});
