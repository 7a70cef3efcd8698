import { expect, test } from "vitest";
import { toEra } from "../../src/mcp/era-result.ts";

function answer(text: string) {
  return { text, message: () => JSON.parse(text) };
}

const BIG = '{"result":{"content":[],"n":12345678901234567890},"jsonrpc":"2.0","id":1}';

test("hands a legacy caller the backend's text as it is", () => {
  expect(toEra(answer(BIG), "legacy", "")).toBe(BIG);
});

test("writes what a modern caller needs into the text, big numbers untouched", () => {
  expect(toEra(answer(BIG), "modern", "")).toBe(
    '{"result":{"resultType":"complete","content":[],"n":12345678901234567890},"jsonrpc":"2.0","id":1}',
  );
});

test("keeps JSON valid when the result is empty or spread over lines", () => {
  for (const text of [
    '{"id":1,"jsonrpc":"2.0","result":{}}',
    '{"id":1,"jsonrpc":"2.0","result" : {\n }}',
  ]) {
    const result = JSON.parse(toEra(answer(text), "modern", '"ttlMs":0,"cacheScope":"private",'));
    expect(result).toEqual({
      id: 1,
      jsonrpc: "2.0",
      result: { resultType: "complete", ttlMs: 0, cacheScope: "private" },
    });
  }
});

test("keeps what a modern backend said itself", () => {
  const text =
    '{"id":"x","jsonrpc":"2.0","result":{"resultType":"complete","ttlMs":9,"cacheScope":"public"}}';
  expect(toEra(answer(text), "modern", '"ttlMs":0,"cacheScope":"private",')).toBe(text);
});

test("is not fooled by an id that looks like a result", () => {
  const id = '"result":{';
  const text = JSON.stringify({ jsonrpc: "2.0", id, result: { content: [] } });
  expect(JSON.parse(toEra(answer(text), "modern", ""))).toEqual({
    jsonrpc: "2.0",
    id,
    result: { resultType: "complete", content: [] },
  });
});

test.each([
  [-32002, -32602],
  [-32042, -32603],
  [-32021, -32603],
  [-32602, -32602],
  [-1234, -1234],
])("gives a modern caller code %i as %i", (code, shown) => {
  const text = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    error: { code, message: "m", data: { a: 1 } },
  });
  expect(JSON.parse(toEra(answer(text), "modern", ""))).toEqual({
    jsonrpc: "2.0",
    id: 1,
    error: { code: shown, message: "m", data: { a: 1 } },
  });
});
