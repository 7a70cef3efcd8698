import { expect, test } from "vitest";
import { idOfLongRequest } from "../../src/bridge/long-request.ts";

test.each([
  ['{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"a":"', 'xx"}}', 7],
  ['{"method":"tools/call","params":{"a":"', 'xx"},"jsonrpc":"2.0","id":"a-1"}', "a-1"],
  // The end of an argument is no end of a message.
  ['{"method":"tools/call","params":{"a":"', '","id":5}}', undefined],
  // An answer has nobody who waits for one.
  ['{"result":{"a":"', '"},"jsonrpc":"2.0","id":5}', undefined],
  ['{"jsonrpc":"2.0","id":5,"result":{"a":"', 'xx"}}', undefined],
  ["no json", '"id":5}', undefined],
])("finds in %s … %s the id %j", (head, tail, id) => {
  expect(idOfLongRequest(head, tail)).toBe(id);
});
