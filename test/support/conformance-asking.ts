import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import {
  type Answer,
  type Back,
  elicitation,
  PageNeeded,
  type Question,
  ROOTS,
  sampling,
} from "./conformance-client.ts";

/** The tools of the conformance server that ask their client something. */

type Ask = (back: Back, args: Readonly<Record<string, unknown>>) => Promise<string>;

export async function askingTool(
  name: string,
  args: Readonly<Record<string, unknown>>,
  back: Back,
): Promise<CallToolResult | undefined> {
  const ask = Object.hasOwn(ASKING, name) ? ASKING[name] : undefined;
  if (ask === undefined) return undefined;
  return { content: [{ type: "text", text: await ask(back, args) }] };
}

/** The one prompt that asks. */
export async function askForContext(back: Back): Promise<string> {
  const { user_context: answer } = await back.ask({
    user_context: elicitation("What context should the prompt use?", STRING("context"), [
      "context",
    ]),
  });
  return String(contentOf(answer)["context"]);
}

const STRING = (name: string): Record<string, unknown> => ({ [name]: { type: "string" } });
const NAME = elicitation("What is your name?", STRING("name"), ["name"]);
const CONFIRM = elicitation("Please confirm", { ok: { type: "boolean" } }, ["ok"]);

const ASKING: Readonly<Record<string, Ask>> = {
  test_sampling: async (back, { prompt }) => {
    const { answer } = await back.ask({ answer: sampling(String(prompt)) });
    return `LLM response: ${JSON.stringify(answer["content"])}`;
  },
  test_elicitation: (back, { message }) => elicited(back, elicitation(String(message), USER)),
  test_elicitation_sep1034_defaults: (back) =>
    elicited(back, elicitation("Please review", DEFAULTS)),
  test_elicitation_sep1330_enums: (back) => elicited(back, elicitation("Please choose", ENUMS)),

  /** Asks whether the client can answer or not, as servers do that never look. */
  test_missing_capability: async (back) => {
    const { answer } = await back.ask({ answer: sampling("Is there anybody?") });
    return JSON.stringify(answer["content"]);
  },
  test_streaming_elicitation: async (back) => {
    await back.progress(1, 2);
    return elicited(back, NAME);
  },

  test_input_required_result_elicitation: async (back) => {
    const { user_name: answer } = await back.ask({ user_name: NAME });
    return `Hello, ${String(contentOf(answer)["name"])}!`;
  },
  test_input_required_result_sampling: async (back) => {
    const { capital_question: answer } = await back.ask({
      capital_question: sampling("What is the capital of France?"),
    });
    return JSON.stringify(answer["content"]);
  },
  test_input_required_result_list_roots: listRoots,
  test_input_required_result_request_state: (back) => confirmed(back),
  test_input_required_result_tampered_state: (back) => confirmed(back),
  test_input_required_result_multiple_inputs: async (back) =>
    JSON.stringify(
      await back.ask({
        user_name: NAME,
        greeting: sampling("Generate a greeting", 50),
        client_roots: ROOTS,
      }),
    ),
  test_input_required_result_multi_round: async (back) => {
    const { step1 } = await back.ask({
      step1: elicitation("Step 1: What is your name?", STRING("name"), ["name"]),
    });
    const { step2 } = await back.ask({
      step2: elicitation("Step 2: What is your favorite color?", STRING("color"), ["color"]),
    });
    return `${String(contentOf(step1)["name"])} likes ${String(contentOf(step2)["color"])}`;
  },
  test_input_required_result_capabilities: async (back) => {
    const possible = Object.entries<Question>({
      elicitation: NAME,
      sampling: sampling("What is the capital of France?"),
      roots: ROOTS,
    }).filter(([capability]) => Object.hasOwn(back.capabilities, capability));
    return JSON.stringify(await back.ask(Object.fromEntries(possible)));
  },

  confirm_delete: async (back, { filename }) => {
    const { confirm } = await back.ask({
      confirm: elicitation(`Delete ${String(filename)}?`, { confirm: { type: "boolean" } }),
    });
    const yes = confirm["action"] === "accept" && contentOf(confirm)["confirm"] === true;
    return yes ? `Deleted ${String(filename)}` : `Kept ${String(filename)}`;
  },
  multi_input: async (back) =>
    JSON.stringify(
      await back.ask({
        name: NAME,
        confirm: elicitation("Go on?", { confirm: { type: "boolean" } }),
      }),
    ),
  test_tool_with_task: async (back) => {
    const { user_name: answer } = await back.ask({ user_name: NAME });
    return `Done for ${String(contentOf(answer)["name"])}`;
  },

  test_list_roots: listRoots,
  test_elicitation_url: async (back) => {
    const elicitationId = "visit-1";
    const { visit } = await back.ask({
      visit: {
        method: "elicitation/create",
        params: {
          mode: "url",
          elicitationId,
          url: "https://example.com/visit",
          message: "Please visit this page",
        },
      },
    });
    if (visit["action"] === "accept") await back.completeUrl(elicitationId);
    return `Visit: ${String(visit["action"])}`;
  },
  test_url_required: async ({ state }, { id = "page-1", done = false }) => {
    const elicitationId = String(id);
    if (done === true) state.completed.add(elicitationId);
    if (state.completed.has(elicitationId)) return `Allowed: ${elicitationId}`;
    throw new PageNeeded({
      elicitationId,
      url: `https://example.com/allow/${encodeURIComponent(elicitationId)}`,
      message: "Please allow this first",
    });
  },
  test_two_questions: async (back) => {
    const { first, second } = await back.ask({
      first: elicitation("The first question", STRING("first")),
      second: elicitation("The second question", STRING("second")),
    });
    return JSON.stringify({ first: contentOf(first), second: contentOf(second) });
  },
  test_whoami_elicitation: async (back, { secret }) => {
    const { who } = await back.ask({
      who: elicitation(`Who told me ${String(secret)}?`, STRING("answer"), ["answer"]),
    });
    return `${String(secret)}:${String(contentOf(who)["answer"])}`;
  },
  test_known_roots: async (back) => JSON.stringify((await back.knownRoots()) ?? null),
};

async function listRoots(back: Back): Promise<string> {
  const { client_roots: answer } = await back.ask({ client_roots: ROOTS });
  return JSON.stringify(answer["roots"]);
}

async function confirmed(back: Back): Promise<string> {
  const { confirm } = await back.ask({ confirm: CONFIRM });
  return `state-ok ${String(contentOf(confirm)["ok"])}`;
}

async function elicited(back: Back, question: Question): Promise<string> {
  const { answer } = await back.ask({ answer: question });
  return `Elicitation completed: action=${String(answer["action"])}, content=${JSON.stringify(contentOf(answer))}`;
}

function contentOf({ content }: Answer): Readonly<Record<string, unknown>> {
  return typeof content === "object" && content !== null
    ? Object.fromEntries(Object.entries(content))
    : {};
}

const USER = {
  username: { type: "string", description: "User's response" },
  email: { type: "string", description: "User's email address" },
};
const DEFAULTS = {
  name: { type: "string", default: "John Doe" },
  age: { type: "integer", default: 30 },
  score: { type: "number", default: 95.5 },
  status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
  verified: { type: "boolean", default: true },
};
const TITLED = [
  { const: "value1", title: "First Option" },
  { const: "value2", title: "Second Option" },
  { const: "value3", title: "Third Option" },
];
const ENUMS = {
  untitledSingle: { type: "string", enum: ["option1", "option2", "option3"] },
  titledSingle: { type: "string", oneOf: TITLED },
  legacyEnum: {
    type: "string",
    enum: ["opt1", "opt2", "opt3"],
    enumNames: ["Option One", "Option Two", "Option Three"],
  },
  untitledMulti: {
    type: "array",
    items: { type: "string", enum: ["option1", "option2", "option3"] },
  },
  titledMulti: { type: "array", items: { anyOf: TITLED } },
};
