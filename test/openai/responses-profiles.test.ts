import { expect, test } from "vitest";
import { configureLlm } from "./llm-chat.ts";
import { readObject } from "./openai-replies.ts";
import { outputOf, outputText, respond } from "./responses-replies.ts";

test.each(["deepseek", "gemini"])(
  "case 34: brings back to %s what it wants to hear again with a client's call",
  async (profile) => {
    await configureLlm(`responses-${profile}`, {
      personalities: [profile],
      provider: { profile },
    });
    const model = `${profile}/scripted-1`;
    const parameters = { type: "object", properties: {} };
    const tools = [{ type: "function", name: "weather", parameters }];
    const script = {
      role: "user",
      content: "THINK which town\nCALL weather {}\nTHEN\nSAY it is {{results}}",
    };
    const first = await readObject(await respond({ model, tools, input: [script] }));
    const call = outputOf(first).find(({ type }) => type === "function_call");
    const output = {
      type: "function_call_output",
      call_id: call?.["call_id"],
      output: "sunny",
    };
    const input = [script, ...outputOf(first), output];
    const second = await readObject(await respond({ model, tools, input }));
    expect(outputText(second)).toBe("it is sunny");
  },
);
