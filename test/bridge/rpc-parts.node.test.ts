import { expect, test } from "vitest";
import { readRpc } from "../../src/bridge/rpc-parts.ts";

test.each([
  ['{"jsonrpc":"2.0","id":1,"method":"a"}', ["request"]],
  ['{"jsonrpc":"2.0","id":"1","method":"a","params":[1]}', ["request"]],
  ['{"jsonrpc":"2.0","method":"a"}', ["notification"]],
  ['{"jsonrpc":"2.0","id":1,"result":{}}', ["answer"]],
  ['{"jsonrpc":"2.0","id":null,"error":{}}', ["answer"]],
  ['{"jsonrpc":"2.0","id":null,"method":"a"}', ["unclear"]],
  ['{"id":1}', ["unclear"]],
  ["7", ["unclear"]],
  ['{"error":{"message":"of a proxy"}}', ["unclear"]],
  [
    '[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","method":"b"}]',
    ["request", "notification"],
  ],
])("tells what %s is", (text, kinds) => {
  expect(readRpc(text)?.parts.map(({ kind }) => kind)).toEqual(kinds);
});

test("puts a message on one line and changes nothing else", () => {
  expect(readRpc('{\r\n "id":1,\n "t":"a\\nb"}')?.text).toBe('{  "id":1,  "t":"a\\nb"}');
});

test("knows what is no JSON", () => {
  expect(readRpc("{")).toBeUndefined();
});
