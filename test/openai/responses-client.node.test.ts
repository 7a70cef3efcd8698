import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { APIError, BadRequestError, OpenAI } from "openai";
import type {
  Response,
  ResponseCreateParams,
  ResponseInputItem,
} from "openai/resources/responses/responses";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ScriptedLlm, SCRIPTED_KEY, startScriptedLlm } from "../support/scripted-llm.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";
import { type LoopbackTools, startLoopbackTools } from "./loopback-tools.ts";

const KEY = "responses-client";
const MODEL = "mcp-gateway";
const CLOCK = 'CALL time_get_current_time {"timezone":"UTC"}';
const TWO_ROUNDS = [
  "THINK which zone",
  "MIX Let me see.",
  CLOCK,
  'CALL lab_picture {"s":"one"}',
  "THEN",
  'CALL lab_fail {"s":"two"}',
  "THEN",
  "SAY That is all.",
].join("\n");

let folder: string;
let tools: LoopbackTools;
let llm: ScriptedLlm;
let gateway: StartedGateway;
let client: OpenAI;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-responses-"));
  tools = await startLoopbackTools();
  llm = await startScriptedLlm();
  const openai = { baseUrl: `${llm.url}/openai/${KEY}/v1`, apiKey: SCRIPTED_KEY };
  const config = join(folder, "mcp.json");
  writeFileSync(
    config,
    JSON.stringify({
      mcpServers: { time: { builtin: "time" }, lab: { url: tools.fixture.url } },
      llm: { providers: { openai: { ...openai, models: ["scripted-1"] } } },
    }),
  );
  gateway = await startGateway(["--config", config]);
  client = new OpenAI({ apiKey: gateway.apiKey, baseURL: `${gateway.url}/v1` });
}, 90_000);

afterAll(async () => {
  await gateway?.stop();
  await Promise.all([tools?.fixture.close(), llm?.close()]);
  rmSync(folder, { recursive: true, force: true });
});

type Ask = Omit<ResponseCreateParams, "model" | "stream">;

function create(ask: Ask): Promise<Response> {
  return client.responses.create({ ...ask, model: MODEL, stream: false });
}

/** Through the client's strict stream reader. */
function stream(ask: Ask) {
  return client.responses.stream({ ...ask, model: MODEL });
}

function kindsOf({ output }: Pick<Response, "output">): readonly string[] {
  return output.map(({ type }) => type);
}

/** The items of an answer as they come in the next request. */
function sentBack({ output }: Pick<Response, "output">): readonly ResponseInputItem[] {
  const items: ResponseInputItem[] = JSON.parse(JSON.stringify(output));
  return items;
}

test("case 28: holds up to the client's strict stream reader over two rounds of tools", async () => {
  const running = stream({ input: TWO_ROUNDS });
  let deltas = "";
  running.on("response.output_text.delta", ({ delta }) => {
    deltas += delta;
  });
  const response = await running.finalResponse();
  expect(response.status).toBe("completed");
  expect(response.output_text).toBe("Let me see.\n\nThat is all.");
  expect(deltas).toBe(response.output_text);
  expect(kindsOf(response)).toEqual([
    "reasoning",
    "message",
    "mcp_call",
    "mcp_call",
    "mcp_call",
    "message",
  ]);
});

test("case 28: answers the client whole as it streams", async () => {
  const whole = await create({ input: TWO_ROUNDS });
  const streamed = await stream({ input: TWO_ROUNDS }).finalResponse();
  expect(kindsOf(whole)).toEqual(kindsOf(streamed));
  expect(whole.output_text).toBe(streamed.output_text);
  expect(whole.usage).toEqual(streamed.usage);
});

test("case 28: goes on from a client's own function calls", async () => {
  const ask = {
    tools: [
      {
        type: "function" as const,
        name: "weather",
        strict: true,
        parameters: { type: "object", properties: {}, additionalProperties: false },
      },
    ],
  };
  const script = { role: "user" as const, content: "CALL weather {}\nTHEN\nSAY it is {{results}}" };
  const first = await stream({ ...ask, input: [script] }).finalResponse();
  const call = first.output.find((item) => item.type === "function_call");
  expect(call?.parsed_arguments).toEqual({});
  const output = {
    type: "function_call_output" as const,
    call_id: call?.call_id ?? "",
    output: "sunny",
  };
  const second = await create({ ...ask, input: [script, ...sentBack(first), output] });
  expect(second.output_text).toBe("it is sunny");
});

test("case 30: approves a call of a server it names, streamed", async () => {
  const ask = {
    tools: [{ type: "mcp" as const, server_label: "lab", require_approval: "always" as const }],
  };
  const script = { role: "user" as const, content: 'CALL lab_picture {"s":"x"}\nTHEN\nSAY done' };
  const question = await stream({ ...ask, input: [script] }).finalResponse();
  expect(kindsOf(question)).toEqual(["mcp_list_tools", "mcp_approval_request"]);
  const request = question.output.find((item) => item.type === "mcp_approval_request");
  const answer = {
    type: "mcp_approval_response" as const,
    approval_request_id: request?.id ?? "",
    approve: true,
  };
  const answered = await stream({
    ...ask,
    input: [script, ...sentBack(question), answer],
  }).finalResponse();
  expect(kindsOf(answered)).toEqual(["mcp_call", "message"]);
  expect(answered.output[0]).toMatchObject({ approval_request_id: request?.id });
  expect(answered.output_text).toBe("done");
});

test("case 28: ends incomplete where the model was cut off", async () => {
  const response = await stream({ input: "SAY Hel\nFINISH length" }).finalResponse();
  expect(response).toMatchObject({
    status: "incomplete",
    incomplete_details: { reason: "max_output_tokens" },
    output_text: "Hel",
  });
});

test("case 28: raises what fails in the middle, after it was told", async () => {
  const running = stream({ input: "SAY Hel\nERR chunk the model is gone" });
  const told: string[] = [];
  running.on("response.failed", ({ response }) => told.push(response.error?.message ?? ""));
  const failure: unknown = await running.finalResponse().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(APIError);
  expect(failure instanceof APIError ? failure.message : "").toContain("the model is gone");
  expect(told).toHaveLength(1);
});

test("case 28: asks once where tools have run, whatever fails then", async () => {
  const before = llm.requests(KEY).length;
  const failed = create({ input: `${CLOCK}\nTHEN\nERR 500` });
  await expect(failed).rejects.toBeInstanceOf(APIError);
  expect(llm.requests(KEY).length - before).toBe(2);
});

test("case 31: raises what is not supported as the client's own error", async () => {
  const refused = create({ input: "hi", previous_response_id: "resp_1" });
  await expect(refused).rejects.toBeInstanceOf(BadRequestError);
  await expect(refused).rejects.toMatchObject({
    code: "unsupported_parameter",
    param: "previous_response_id",
  });
});

test("case 28: parses an answer that follows a schema", async () => {
  const running = client.responses.stream({
    model: MODEL,
    input: 'SAY {"a":1}',
    text: {
      format: {
        type: "json_schema",
        name: "n",
        strict: true,
        schema: {
          type: "object",
          properties: { a: { type: "number" } },
          required: ["a"],
          additionalProperties: false,
        },
      },
    },
  });
  const response = await running.finalResponse();
  expect(JSON.parse(response.output_text)).toEqual({ a: 1 });
  const request = llm.requests(KEY).at(-1);
  expect(request?.body).toMatchObject({ response_format: { type: "json_schema" } });
});
