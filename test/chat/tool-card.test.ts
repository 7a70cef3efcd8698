import { expect, test } from "vitest";
import { readToolCard, toolCard } from "../../src/chat/tool-card.ts";

const CARD = {
  id: "call_1",
  name: "erp_get",
  argumentText: '{"a":"<b>"}',
  text: 'two\n"lines" & </details>',
};

test("writes a card as Open WebUI writes its own", () => {
  expect(toolCard(CARD)).toBe(
    [
      "",
      "",
      '<details type="tool_calls" done="true" id="mgw-call_1" name="erp_get" arguments="&quot;{\\&quot;a\\&quot;:\\&quot;&lt;b&gt;\\&quot;}&quot;">',
      "<summary>Tool Executed</summary>",
      "&quot;two\\n\\&quot;lines\\&quot; &amp; &lt;/details&gt;&quot;",
      "</details>",
      "",
      "",
    ].join("\n"),
  );
});

test("lets nothing leave its place in the card", () => {
  const hostile = "\"><script>\n</details>\r\u2028\u2029'&quot;";
  const card = toolCard({ id: hostile, name: hostile, argumentText: "{}", text: hostile });
  expect(card.match(/[<>]/g)).toHaveLength(8);
  expect(card.trim().split(/[\n\r\u2028\u2029]/)).toHaveLength(4);
  expect(readToolCard(card, 2)?.card).toMatchObject({ id: hostile, text: hostile });
});

test("reads a name that somebody edited as one that providers take", () => {
  const name = (edited: string) => readToolCard(toolCard({ ...CARD, name: edited }), 2)?.card.name;
  expect(name("erp.get it")).toBe("erp_get_it");
  expect(name("1".repeat(100))).toBe(`_${"1".repeat(63)}`);
});

test("reads nothing that only looks like a card of ours", () => {
  const card = toolCard(CARD).trim();
  for (const broken of [
    card.replace("</details>", "</detail>"),
    card.replace("<summary>Tool Executed</summary>", "<summary>Done</summary>"),
    card.replace(' name="', ' title="'),
    card.replace("&quot;two", "two"),
    card.replace('arguments="&quot;{', 'arguments="&quot;['),
    card.replace("mgw-call_1", "mgw-"),
    card.replace("mgw-call_1", `mgw-${"x".repeat(300)}`),
    card.slice(0, -1),
  ]) {
    expect(readToolCard(broken, 0)).toBeUndefined();
  }
  expect(readToolCard(card, 0)?.end).toBe(card.length);
});
