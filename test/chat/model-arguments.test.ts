import { expect, test } from "vitest";
import { parseModelArguments } from "../../src/chat/model-arguments.ts";

test("reads the object a model wrote, also as a string or not at all", () => {
  const one = { kind: "arguments", value: { a: 1 } };
  const none = { kind: "arguments", value: {} };
  expect(parseModelArguments('{"a":1}')).toEqual(one);
  expect(parseModelArguments(JSON.stringify('{"a":1}'))).toEqual(one);
  for (const text of ["", " \n", "null", '""', "{}"]) {
    expect(parseModelArguments(text)).toEqual(none);
  }
});

test("case 13: tells the model where its JSON ends to be JSON", () => {
  expect(parseModelArguments('{"a":1')).toEqual({
    kind: "fault",
    text: 'Error: arguments are not valid JSON: expected "," or "}" at position 7, found the end',
  });
  expect(parseModelArguments('{"a":1}{"b":2}')).toMatchObject({ kind: "fault" });
  expect(parseModelArguments("[".repeat(100_000))).toMatchObject({ kind: "fault" });
});

test("case 13: tells the model what arguments are where they are something else", () => {
  for (const text of ["[1]", "5", '"five"', "true"]) {
    expect(parseModelArguments(text)).toEqual({
      kind: "fault",
      text: 'Error: arguments are not a JSON object, for example {"a": 1}',
    });
  }
});
