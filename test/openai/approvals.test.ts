import { beforeAll, beforeEach, expect, inject, test, vi } from "vitest";
import { ask, chat, readStream, readText } from "./openai-replies.ts";
import { awaitReady, sendAsOwner, send } from "../support/worker.ts";
import { asked, configureLlm, forget, play, toolsRun } from "./llm-chat.ts";

const KEY = "approvals";
/** The clock is marked read-only, the fixture's tools are not. */
const READ = 'CALL time_get_current_time {"timezone":"UTC"}';
const WRITE = "CALL lab_test_simple_text {}";

beforeAll(async () => {
  await configureLlm(KEY, {
    loop: { approvals: "ask" },
    mcpServers: { lab2: { url: inject("fixtures").legacyJson } },
  });
  await awaitReady(["time", "lab", "lab2"]);
});
beforeEach(() => forget(KEY));

function codeIn(text: string): string {
  const code = /approve ([A-Z0-9]{8})/.exec(text)?.[1];
  if (code === undefined) throw new Error(`no code in ${text}`);
  return code;
}

/** The person's word, in the conversation as a client sends it. */
function decide(word: string, lines: readonly string[]): Promise<Response> {
  return chat({
    model: "mcp-gateway",
    messages: [
      { role: "user", content: lines.join("\n") },
      { role: "assistant", content: "I want to run something." },
      { role: "user", content: word },
    ],
  });
}

async function ranOften(tool: string): Promise<number> {
  return (await toolsRun()).filter((line) => line.startsWith(tool)).length;
}

test("case 37: asks before a tool that may change something, and runs it once it may", async () => {
  const before = await ranOften("lab test_simple_text");
  const question = await readText(await play([WRITE, "THEN", "SAY {{results}}"]));
  expect(question).toContain("lab_test_simple_text");
  const code = codeIn(question);
  const answer = await readText(
    await decide(`approve ${code}`, [WRITE, "THEN", "SAY {{results}}"]),
  );
  expect(answer).not.toContain("approve");
  const again = await readText(await decide(`approve ${code}`, [WRITE]));
  expect(again).toContain("no open question");
  // The audit is written a moment later; what ran before the approval would stand in it as well.
  await vi.waitUntil(async () => (await ranOften("lab test_simple_text")) > before, 10_000);
  expect(await ranOften("lab test_simple_text")).toBe(before + 1);
});

test("case 37: runs what was shown, whatever the model says now", async () => {
  const question = await readText(await play(['CALL lab_test_simple_text {"shown":true}']));
  await decide(`approve ${codeIn(question)}`, ["SAY done"]);
  const requests = await asked(KEY, 2);
  expect(JSON.stringify(requests.at(-1)?.body["messages"])).toContain('{\\"shown\\":true}');
});

test("case 37: tells the model of a refusal", async () => {
  const question = await readText(await play([WRITE], {}));
  await decide(`deny ${codeIn(question)}`, ["SAY done"]);
  const requests = await asked(KEY, 2);
  expect(JSON.stringify(requests.at(-1)?.body["messages"])).toContain("declined");
});

test("case 37: does not ask for what only reads, and holds a turn as a whole", async () => {
  expect(await readText(await play([READ, "THEN", "SAY done"]))).toBe("done");
  const question = await readText(await play([READ, WRITE]));
  expect(question).toContain("lab_test_simple_text");
  expect(question).not.toContain("time_get_current_time");
});

test("case 37: shows the question to those who stream as well", async () => {
  const { text, chunks } = await readStream(await play([WRITE], { stream: true }));
  expect(codeIn(text)).toMatch(/^[A-Z0-9]{8}$/);
  expect(JSON.stringify(chunks)).not.toContain("tool_calls");
});

test("case 37: knows no code of another person", async () => {
  const made = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "other", approvals: "always" }),
  });
  const { key }: { key: string } = await made.json();
  const question = await readText(await play([WRITE]));
  const code = codeIn(question);
  const stolen = await send("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify(ask(`approve ${code}`)),
  });
  expect(await readText(stolen)).toContain("no open question");
  // Its own key wants to be asked for everything.
  const careful = await send("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify(ask(READ)),
  });
  expect(await readText(careful)).toContain("time_get_current_time");
  expect(await readText(await decide(`deny ${code}`, []))).toContain("declined");
});

test("runs no tool of another server that has the name of the one that was asked about", async () => {
  const lines = ["CALL test_simple_text {}"];
  const question = await readText(await play(lines, { model: "mcp-gateway/lab" }));
  const answer = await chat({
    model: "mcp-gateway/lab2",
    messages: [{ role: "user", content: `approve ${codeIn(question)}` }],
  });
  expect(await readText(answer)).toContain("not run");
});

test("takes a person's word once, and goes on with what the client's own functions returned", async () => {
  const call = { id: "call_mine", type: "function", function: { name: "mine", arguments: "{}" } };
  const parameters = { type: "object", properties: {} };
  const answer = await chat({
    model: "mcp-gateway",
    tools: [{ type: "function", function: { name: "mine", parameters } }],
    messages: [
      { role: "user", content: "approve ABCD2345" },
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "call_mine", content: "my result" },
    ],
  });
  expect(await readText(answer)).toContain("my result");
});

test("runs nothing that was switched off after the person was asked", async () => {
  const question = await readText(await play([WRITE]));
  await configureLlm(KEY, {
    loop: { approvals: "ask" },
    mcpServers: {
      lab: { url: inject("fixtures").legacyJson, disabledTools: ["test_simple_text"] },
    },
  });
  const answer = await readText(await decide(`approve ${codeIn(question)}`, ["SAY {{results}}"]));
  expect(answer).toContain("unknown tool");
});
