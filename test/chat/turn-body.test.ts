import { expect, test } from "vitest";
import { turnBody } from "../../src/chat/turn-body.ts";
import type { JsonObject } from "../../src/core/json.ts";

const TOOL = { type: "function", function: { name: "mine", parameters: { type: "object" } } };

function choiceOf(body: JsonObject, place: "first" | "later" | "last"): unknown {
  const made = turnBody({ body, messages: [], offered: undefined, stream: false, place });
  return made["tool_choice"];
}

test("demands a call in the first turn only, and none in the last", () => {
  const named = { type: "function", function: { name: "mine" } };
  const cases: readonly [JsonObject["x"], unknown, unknown][] = [
    [undefined, undefined, undefined],
    ["auto", "auto", "auto"],
    ["required", "required", "auto"],
    [named, named, "auto"],
  ];
  for (const [choice, first, later] of cases) {
    const body = { tools: [TOOL], tool_choice: choice };
    expect(choiceOf(body, "first")).toEqual(first);
    expect(choiceOf(body, "later")).toEqual(later);
    expect(choiceOf(body, "last")).toBe("none");
  }
});

test("says nothing of tools where there are none", () => {
  const body = { tools: [], tool_choice: "auto", temperature: 0.2, custom: { kept: true } };
  const made = turnBody({ body, messages: [], offered: undefined, stream: true, place: "first" });
  expect(made).toEqual({
    temperature: 0.2,
    custom: { kept: true },
    messages: [],
    stream: true,
    stream_options: { include_usage: true },
  });
});
