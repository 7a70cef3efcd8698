import { expect, test } from "vitest";
import { answeredBy, peek } from "../../src/connector/rpc-peek.ts";

test.each([
  ['{"jsonrpc":"2.0","id":1,"method":"x"}', { kind: "request", id: 1, method: "x" }],
  ['{"jsonrpc":"2.0","id":"a","result":{}}', { kind: "answer", id: "a" }],
  ['{"jsonrpc":"2.0","id":0,"error":{}}', { kind: "answer", id: 0 }],
  ['{"jsonrpc":"2.0","id":null,"error":{}}', { kind: "notification" }],
  ['{"jsonrpc":"2.0","method":"x"}', { kind: "notification" }],
  [
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}',
    { kind: "cancelled", id: 7 },
  ],
])("knows what %s is", (text, expected) => {
  expect(peek(text)).toEqual([expected]);
});

test("looks at each message of a batch", () => {
  const batch = '[{"jsonrpc":"2.0","method":"x"},{"jsonrpc":"2.0","id":2,"result":{}}]';
  expect(peek(batch)).toEqual([{ kind: "notification" }, { kind: "answer", id: 2 }]);
});

test.each([
  "",
  "hello",
  "42",
  "null",
  "[]",
  "{}",
  '{"id":1,"method":"x"}',
  '{"jsonrpc":"2.0"}',
  "[1]",
])("takes %j for no message", (text) => {
  expect(peek(text)).toBeUndefined();
});

test("finds whose answer a cut line is, at its beginning or its end", () => {
  expect(answeredBy('{"jsonrpc":"2.0","id":5,"result":{"te', "")).toBe(5);
  expect(answeredBy('{"jsonrpc": "2.0", "id": "a-1", "error":', "")).toBe("a-1");
  expect(answeredBy('{"result":{"te', 'xx"},"jsonrpc":"2.0","id":9}')).toBe(9);
  expect(answeredBy('{"jsonrpc":"2.0","id":5,"method":"x"', "")).toBeUndefined();
  expect(answeredBy('{"result":{"id":3', "and so on")).toBeUndefined();
});
