import { expect, test } from "vitest";
import { parseChatCommand } from "../../src/chat/chat-command.ts";

test("takes nothing and greetings for a call for help", () => {
  for (const said of ["", "  \n", "help", "/help", "Help", "?", "hi"]) {
    expect(parseChatCommand(said)).toEqual({ kind: "help" });
  }
});

test("lists tools, all or those that match words", () => {
  expect(parseChatCommand("tools")).toEqual({ kind: "list", filter: [] });
  expect(parseChatCommand("/tools Unpaid invoice")).toEqual({
    kind: "list",
    filter: ["unpaid", "invoice"],
  });
  expect(parseChatCommand("list tools")).toEqual({ kind: "list", filter: [] });
});

test("reads both forms of a call", () => {
  const json = { kind: "call", name: "time_now", argumentText: '{"tz": "UTC"}' };
  expect(parseChatCommand('call time_now {"tz": "UTC"}')).toEqual(json);
  expect(parseChatCommand('call time_now{"tz": "UTC"}')).toEqual(json);
  expect(parseChatCommand('  CALL `time_now`\n{"tz": "UTC"} ')).toEqual(json);
  expect(parseChatCommand('/time.now tz=UTC b="two words"')).toEqual({
    kind: "call",
    name: "time.now",
    argumentText: 'tz=UTC b="two words"',
  });
});

test("does not take a sentence for a call", () => {
  expect(parseChatCommand("time_now please")).toEqual({ kind: "free", text: "time_now please" });
  expect(parseChatCommand("calling all tools")).toEqual({
    kind: "free",
    text: "calling all tools",
  });
});

test("takes hostile text in its stride", () => {
  const started = performance.now();
  const ticks = "`".repeat(400_000);
  for (const said of [`call a${ticks}a${ticks}b`, `/${"{".repeat(400_000)}`, "tools".repeat(9e4)]) {
    parseChatCommand(said);
  }
  expect(performance.now() - started).toBeLessThan(1_000);
});
