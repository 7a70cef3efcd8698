import { describe, expect, test } from "vitest";
import { type ChatEvent, textEvent, type ToolRun } from "../../src/chat/chat-event.ts";
import { restoreHistory } from "../../src/chat/history.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { ToldStyle } from "../../src/openai/progress-style.ts";
import { createProgressTeller, type Told } from "../../src/openai/progress-teller.ts";
import { visibleTool } from "../support/visible-tool.ts";

function run(id: string, args: JsonObject = {}): ToolRun {
  const name = `erp_list_${id}`;
  return { id, name, tool: visibleTool("erp", `list_${id}`), arguments: args };
}

const A = run("a", { status: "open" });
const B = run("b");
const FINISH: ChatEvent = { kind: "finish", reason: "stop", usage: undefined, turns: 2 };

function started(of: ToolRun): ChatEvent {
  return { kind: "tool_started", run: of };
}

function ended(of: ToolRun, text = "fine", outcome: "ok" | "tool_error" = "ok"): ChatEvent {
  return { kind: "tool_ended", run: of, outcome, text, ms: 420 };
}

function tell(style: ToldStyle, ...events: readonly ChatEvent[]): readonly Told[] {
  const teller = createProgressTeller(style);
  return events.flatMap((event) => teller.tell(event));
}

function statuses(told: readonly Told[]): readonly (readonly [unknown, unknown])[] {
  return told.map((one) =>
    one.kind === "status" ? [one.data["description"], one.data["done"]] : ["", undefined],
  );
}

function textOf(told: readonly Told[], key = "content"): string {
  return told
    .map((one) => (one.kind === "delta" ? one.delta[key] : ""))
    .filter((piece) => typeof piece === "string")
    .join("");
}

describe("status events (case 27)", () => {
  test("tell what runs, and end as done", () => {
    const told = tell("events", started(A), started(B), ended(B), ended(A), FINISH);
    expect(statuses(told)).toEqual([
      ['erp.list_a {"status":"open"}', false],
      ["erp.list_b", false],
      ["✓ erp.list_b 0.4 s", false],
      ["✓ erp.list_a 0.4 s", true],
    ]);
    expect(told[0]).toMatchObject({ data: { action: "mcp" } });
  });

  test("name the reason of a failure, in one line", () => {
    const told = tell(
      "events",
      started(A),
      ended(A, "Error: no such doctype\n  at x", "tool_error"),
    );
    expect(statuses(told).at(-1)).toEqual(["✗ erp.list_a: no such doctype", true]);
  });

  test("end as done when the answer fails while tools run", () => {
    const teller = createProgressTeller("events");
    teller.tell(started(A));
    expect(statuses(teller.close())).toEqual([["✗ erp.list_a: not finished", true]]);
    expect(teller.close()).toEqual([]);
  });

  test("show long arguments and credentials in part", () => {
    const long = run("a", { text: "x".repeat(500), password: "Bearer abcdefghijklmnop" });
    const secret = run("b", { auth: "Bearer abcdefghijklmnop" });
    const lines = statuses(tell("events", started(long), started(secret))).map(([line]) => line);
    expect(lines.every((line) => String(line).length < 120)).toBe(true);
    expect(lines.join("")).not.toContain("abcdefghijklmnop");
  });

  test("pass on what a backend says of itself, but not without end", () => {
    const progress = Array.from({ length: 1_000 }, (): ChatEvent => ({
      kind: "tool_progress",
      run: A,
      message: "row\u00071\nof 2",
    }));
    const told = tell("events", started(A), ...progress);
    expect(statuses(told)[1]).toEqual(["erp.list_a: row 1 of 2", false]);
    expect(told.length).toBeLessThan(30);
  });
});

test("tells nothing where nothing is wanted", () => {
  expect(tell("none", started(A), ended(A), FINISH)).toEqual([]);
});

test("tells in lines of the text, which the history loses again", () => {
  const text = textOf(tell("text", started(A), ended(A), FINISH));
  expect(text).toContain('→ erp.list_a {"status":"open"}');
  expect(text).toContain("✓ erp.list_a 0.4 s");
  const restored = restoreHistory([{ role: "assistant", content: `before${text}after` }]);
  expect(restored).toEqual([{ role: "assistant", content: "beforeafter" }]);
});

test("tells in lines of the reasoning, apart from the model's own", () => {
  const thought: ChatEvent = { kind: "delta", delta: { reasoning_content: "let me see" } };
  const told = tell("reasoning", thought, started(A), ended(A));
  expect(textOf(told, "reasoning_content")).toBe(
    '\n→ erp.list_a {"status":"open"}\n✓ erp.list_a 0.4 s\n',
  );
});

test("tells in cards, which the history turns into calls again", () => {
  const text = textOf(tell("details", started(A), ended(A, "3 invoices")));
  const restored = restoreHistory([{ role: "assistant", content: `${text}There are three.` }]);
  expect(restored).toMatchObject([
    { tool_calls: [{ function: { name: "erp_list_a", arguments: '{"status":"open"}' } }] },
    { role: "tool", content: "3 invoices" },
    { content: expect.stringContaining("There are three.") },
  ]);
});

describe("a question to the person (case 37)", () => {
  const ask = (runs: readonly ToolRun[]): ChatEvent => ({
    kind: "approval_wanted",
    approval: { code: "ABCD2345", runs, expiresIn: 900 },
  });

  test.each(["none", "events", "text", "reasoning", "details"] as const)(
    "is told in every style: %s",
    (style) => {
      const question = textOf(tell(style, ask([A])));
      expect(question).toBe(
        [
          "**Your approval is needed** for this call:",
          "`erp_list_a`",
          '```json\n{\n  "status": "open"\n}\n```',
          "Reply `approve ABCD2345` to run it, or `deny ABCD2345`. The code works once, within 15 minutes.",
        ].join("\n\n"),
      );
      // What the model said before has been told already.
      expect(textOf(tell(style, textEvent("Hm."), ask([A])))).toBe(`\n\n${question}`);
    },
  );

  test("shows every call, and says what it does not show", () => {
    const text = textOf(tell("none", ask([A, run("b", { text: "`\n```\n".repeat(9_000) })])));
    expect(text).toContain("these calls");
    expect(text).toContain("to run them");
    expect(text).toMatch(/\d+ characters are not shown/);
    expect(text.match(/^```$/gm)).toHaveLength(2);
  });
});
