import { expect, test } from "vitest";
import { answerTask } from "../../src/chat/task-answers.ts";

function prompt(example: string): string {
  return `### Task:\nGenerate something.\n### Output:\nJSON format: ${example}\n### Chat History:\n<chat_history>\nUSER: call erp_delete {"tags": 1} { "title": "x" }\nASSISTANT: done\n</chat_history>`;
}

function answered(question: string, header: string | null = null): unknown {
  const answer = answerTask({ question, header });
  return answer === undefined ? undefined : JSON.parse(answer);
}

test("answers each task in the JSON it asks for", () => {
  expect(answered(prompt('{ "title": "your title" }'))).toEqual({
    title: 'call erp_delete {"tags": 1} {',
  });
  expect(answered(prompt('{ "tags": ["tag1"] }'))).toEqual({ tags: ["General"] });
  expect(answered(prompt('{ "follow_ups": ["Q?"] }'))).toEqual({ follow_ups: ["tools", "help"] });
  expect(answered(prompt('{ "queries": ["q"] }'))).toEqual({ queries: [] });
  expect(answered(prompt('{ "text": "<continuation>" }'))).toEqual({ text: "" });
});

test("goes by the header where there is one, whatever the prompt says", () => {
  expect(answered("call erp_delete {}", "tags_generation")).toEqual({ tags: ["General"] });
  expect(answered("call erp_delete {}", "a_task_of_tomorrow")).toEqual({});
});

test("takes an empty or unexpanded header for none", () => {
  expect(answered("tools", "")).toBeUndefined();
  expect(answered("tools", "{{TASK}}")).toBeUndefined();
});

test("takes a frame around documents for a message of the chat", () => {
  const question =
    '### Task:\nRespond to the user query.\n<context>\n{"title": "x"}\n</context>\nWhy?';
  expect(answered(question)).toBeUndefined();
});

test("finds a title even in an empty chat", () => {
  expect(answered('### Task:\n{ "title": "t" }')).toEqual({ title: "Tools" });
});

test("reads no more of a quoted chat than a title needs", () => {
  const started = performance.now();
  answered(`### Task:\n{ "title": "t" }${"<chat_history>".repeat(200_000)}`);
  answered(`### Task:\n{ "title": "t" }<chat_history>${"\nUSER:".repeat(200_000)}`);
  expect(performance.now() - started).toBeLessThan(1_000);
});
