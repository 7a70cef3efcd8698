import { expect, test } from "vitest";
import { restoreHistory } from "../../src/chat/history.ts";
import { progressLine } from "../../src/chat/progress-line.ts";
import { toolCard, type ToolCard } from "../../src/chat/tool-card.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { approvalText } from "../../src/openai/approval-text.ts";

const ONE: ToolCard = { id: "call_1", name: "erp_get", argumentText: '{"a":1}', text: "first" };
const TWO: ToolCard = { id: "call_2", name: "erp_list", argumentText: "{}", text: "second" };

function assistant(content: string | readonly JsonObject[]): JsonObject {
  return { role: "assistant", content };
}

function called(content: string | null, ...cards: readonly ToolCard[]): readonly JsonObject[] {
  return [
    {
      role: "assistant",
      content,
      tool_calls: cards.map(({ id, name, argumentText }) => ({
        id,
        type: "function",
        function: { name, arguments: argumentText },
      })),
    },
    ...cards.map(({ id, text }) => ({ role: "tool", tool_call_id: id, content: text })),
  ];
}

test("case 36: makes calls and results of our cards again, with the text around them", () => {
  const content = `Let me look.${toolCard(ONE)}${toolCard(TWO)}There are two.`;
  expect(restoreHistory([{ role: "user", content: "how many?" }, assistant(content)])).toEqual([
    { role: "user", content: "how many?" },
    ...called("Let me look.", ONE, TWO),
    assistant("There are two."),
  ]);
});

test("case 36: keeps rounds apart that had text between them, or the same id", () => {
  expect(restoreHistory([assistant(`${toolCard(ONE)}Hm.${toolCard(TWO)}`)])).toEqual([
    ...called(null, ONE),
    ...called("Hm.", TWO),
  ]);
  expect(restoreHistory([assistant(toolCard(ONE) + toolCard(ONE))])).toEqual([
    ...called(null, ONE),
    ...called(null, ONE),
  ]);
});

test("case 36: understands a card whose surroundings a client has trimmed", () => {
  expect(restoreHistory([assistant(toolCard(ONE).trim())])).toEqual(called(null, ONE));
  expect(
    restoreHistory([assistant(`${toolCard(ONE).trim()}\n\n\n\n${toolCard(TWO).trim()}`)]),
  ).toEqual(called(null, ONE, TWO));
});

test("case 36: keeps foreign cards, and cards in what others say", () => {
  const foreign = assistant(toolCard(ONE).replace("mgw-", ""));
  const quoted = { role: "user", content: toolCard(ONE) };
  const messages = [foreign, quoted, assistant("plain")];
  const restored = restoreHistory(messages);
  expect(restored).toEqual(messages);
  expect(restored[0]).toBe(foreign);
});

test("leaves our progress lines out, and the text as the model said it", () => {
  const lines = progressLine("erp.get {}") + progressLine("✓ erp.get 0.4 s");
  expect(restoreHistory([assistant(`Let me look.\n${lines}There are two.`)])).toEqual([
    assistant("Let me look.\nThere are two."),
  ]);
  expect(restoreHistory([assistant(lines)])).toEqual([]);
});

test("keeps what else a message says, with the end of its text", () => {
  const calls = [{ id: "c", type: "function", function: { name: "client_tool", arguments: "{}" } }];
  const message = { ...assistant(`${toolCard(ONE)}Now yours.`), tool_calls: calls, name: "n" };
  expect(restoreHistory([message]).at(-1)).toEqual({ ...message, content: "Now yours." });
  const silent = { ...assistant(toolCard(ONE)), tool_calls: calls };
  expect(restoreHistory([silent]).at(-1)).toEqual({ ...silent, content: null });
});

test("restores texts in lists of parts, and keeps the other parts", () => {
  const image = { type: "image_url", image_url: { url: "https://a.test/x.png" } };
  const text = (value: string) => ({ type: "text", text: value });
  expect(restoreHistory([assistant([text(`Look.${toolCard(ONE)}So.`), image])])).toEqual([
    { ...called(null, ONE)[0], content: [text("Look.")] },
    called(null, ONE)[1],
    assistant([text("So."), image]),
  ]);
});

test("case 36: takes apart exactly what was put together, whatever the texts", () => {
  const random = numbers(36);
  for (let round = 0; round < 500; round += 1) {
    const rounds = Array.from({ length: random(4) }, (_, place) => ({
      said: randomText(random),
      cards: Array.from({ length: 1 + random(3) }, (_unused, at) => ({
        id: `call_${place}_${at}${randomText(random).slice(0, 20)}`,
        name: `tool_${random(9)}`,
        argumentText: JSON.stringify({ [randomText(random)]: randomText(random) }),
        text: randomText(random),
      })),
    }));
    const last = randomText(random);
    const line = random(2) === 0 ? "" : progressLine(randomText(random));
    const content =
      rounds.map(({ said, cards }) => said + line + cards.map(toolCard).join("")).join("") + last;
    const expected = rounds.flatMap(({ said, cards }) => called(said, ...cards));
    expect(restoreHistory([assistant(content)])).toEqual([...expected, assistant(last)]);
  }
});

test("is not led astray: takes hostile text in a moment, and never throws", () => {
  const card = toolCard(ONE).trim();
  const starts = [
    card.slice(0, 45),
    card.slice(0, 60),
    card.slice(0, -10),
    "> ⚙ `",
    "\n> ⚙ `",
    "&quot;",
  ];
  for (const start of starts) {
    const content = start.repeat(Math.ceil(2_000_000 / start.length));
    expect(restoreHistory([assistant(content)])).toEqual([assistant(content)]);
  }
  const deep = { ...ONE, argumentText: `{"a":${"[".repeat(500_000)}` };
  expect(restoreHistory([assistant(toolCard(deep))])).toHaveLength(1);
  const many = restoreHistory([assistant(toolCard(ONE).repeat(5_000))]);
  expect(many.length).toBeLessThan(2_100);
  for (const content of [null, undefined, 5, {}, [null, 5], [{ type: "text" }]]) {
    expect(restoreHistory([{ role: "assistant", content }])).toHaveLength(1);
  }
});

/** Small numbers below what is asked for, the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const BITS = [
  "a",
  "word ",
  "\n",
  "\n\n",
  '"',
  "'",
  "&",
  "&quot;",
  "&#10;",
  "<",
  ">",
  "</details>",
  "<details ",
  '<details type="tool_calls" done="true" id="x"',
  "<summary>",
  "`",
  "> ",
  "⚙",
  "\\",
  "\\n",
  "😀",
  "\u2028",
  "\r\n",
  "{",
  "}",
  "{}",
  "mgw-",
  "\t",
  "é",
  "\u0000",
  "$&",
];

/** Never blank: no model says nothing between its calls. */
function randomText(random: (below: number) => number): string {
  const bits = Array.from({ length: random(12) }, () => BITS[random(BITS.length)] ?? "");
  const at = random(bits.length + 1);
  return [...bits.slice(0, at), "x", ...bits.slice(at)].join("");
}

test("keeps the code of a question from the model, which could ask for it in another sentence", () => {
  const code = "ABCD2345";
  const asked = approvalText({ code, runs: [], expiresIn: 60 });
  const [text, parts] = restoreHistory([
    assistant(`Let me.\n\n${asked}`),
    assistant([{ type: "text", text: asked }]),
  ]);
  expect(JSON.stringify([text, parts])).not.toContain(code);
  expect(text?.["content"]).toContain("Reply `approve …` to run");
  const user = { role: "user", content: `approve ${code}` };
  expect(restoreHistory([user])).toEqual([user]);
});
