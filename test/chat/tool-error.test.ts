import { expect, test } from "vitest";
import { errorText, unknownToolText } from "../../src/chat/tool-error.ts";
import { GatewayError } from "../../src/core/errors.ts";

test("case 13: tells the model what went wrong, and nothing that is ours alone", () => {
  const error = new GatewayError(
    "backend_timeout",
    'Cannot call tool "x": backend "y" did not answer within 30 s',
    { detail: "secret" },
  );
  expect(errorText(error)).toBe(
    'Error: Cannot call tool "x": backend "y" did not answer within 30 s',
  );
});

test("case 13: passes on what a backend says of its error, bounded", () => {
  expect(errorText({ code: -32602, message: "bad zone", data: { zone: null } })).toBe(
    'Error: bad zone (-32602): {"zone":null}',
  );
  expect(errorText({ code: -32000, message: "Error: no" })).toBe("Error: no (-32000)");
  expect(errorText({ code: 1, message: "x".repeat(10_000) }).length).toBeLessThan(2_100);
});

test("case 13: answers an unknown tool with the names that look like it", () => {
  expect(unknownToolText("get_doc", ["get_document", "get_dog"])).toBe(
    'Error: unknown tool "get_doc": did you mean "get_document", "get_dog"?',
  );
  expect(unknownToolText("x", [])).toBe('Error: unknown tool "x"');
  expect(unknownToolText("x".repeat(10_000), []).length).toBeLessThan(200);
});
