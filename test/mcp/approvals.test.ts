import { beforeAll, describe, expect, inject, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { keyFor } from "../support/key-for.ts";
import { askModern } from "../support/raw-modern.ts";
import { type Ask, openRawSession, outcomeOf } from "../support/raw-session.ts";
import { scripted, type Scripted } from "../support/scripted-backend.ts";
import { awaitReady, configure, send } from "../support/worker.ts";

const OPEN = { type: "object" };
const FORM = { elicitation: { form: {} } };
const NEEDED =
  'Cannot call tool "write": a person has to allow it, and cannot be asked here: use an MCP client that knows elicitation, or the chat of the gateway';
const REFUSED = 'Cannot call tool "pad_write": the person behind this client did not allow it';
let pad: Scripted;
let key: Ask;

function asking(secret: string): Ask {
  return (path, init) =>
    send(path, { ...init, headers: { ...init.headers, authorization: `Bearer ${secret}` } });
}

beforeAll(async () => {
  const written = { content: [{ type: "text", text: "written" }] };
  pad = await scripted({
    "tools/list": {
      tools: [
        { name: "read", inputSchema: OPEN, annotations: { readOnlyHint: true } },
        { name: "write", inputSchema: OPEN },
      ],
    },
    "tools/call read": { content: [{ type: "text", text: "read" }] },
    "tools/call write": written,
  });
  const { modern } = inject("fixtures");
  await configure({ mcpServers: { pad: { url: pad.url }, modern: { url: modern } } });
  await awaitReady(["pad", "modern"]);
  key = asking(await keyFor({ approvals: "ask" }));
}, 30_000);

async function calls(): Promise<number> {
  return (await pad.arrived()).filter(
    ({ message }) => message?.method === "tools/call" && message.params?.["name"] === "write",
  ).length;
}

/** The result of one call by a modern client that can be asked. */
async function call(params: JsonObject, ask = key, capabilities: JsonObject = FORM) {
  const reader = await askModern(ask, "tools/call", params, { capabilities });
  const message = await reader.until(({ id }) => id === 1);
  return { message, result: (message["result"] ?? {}) as JsonObject };
}

const WRITE = { name: "pad_write", arguments: { to: "a\u202Eb", amount: 5 } };

async function asked(): Promise<JsonObject> {
  const { result } = await call(WRITE);
  expect(result["resultType"]).toBe("input_required");
  return result;
}

function answering(result: JsonObject, action: string): JsonObject {
  const { requestState = null } = result;
  return { ...WRITE, requestState, inputResponses: { approval: { action, content: {} } } };
}

describe("a modern client", () => {
  test("is asked, with the arguments as they are, before anything runs", async () => {
    const before = await calls();
    const { inputRequests } = await asked();
    const question = isJsonObject(inputRequests) ? inputRequests["approval"] : undefined;
    expect(question).toEqual({
      method: "elicitation/create",
      params: {
        mode: "form",
        message:
          'May the tool "write" of "pad" run with these arguments?\n\n{\n  "to": "a\\u202eb",\n  "amount": 5\n}',
        requestedSchema: { type: "object", properties: {} },
      },
    });
    expect(await calls()).toBe(before);
  });

  test("may run what it allows once, and nothing else", async () => {
    const before = await calls();
    const yes = answering(await asked(), "accept");
    const other = await call({ ...yes, arguments: { to: "c" } });
    expect(outcomeOf(other.message)).toContain("requestState is not valid for this request");
    const stranger = asking(await keyFor({ approvals: "ask" }));
    expect(outcomeOf((await call(yes, stranger)).message)).toContain("requestState is not valid");
    expect(outcomeOf((await call(yes)).message)).toBe("written");
    expect(outcomeOf((await call(yes)).message)).toContain("the question is not open any more");
    expect(await calls()).toBe(before + 1);
  });

  test("has not allowed what it declines, cancels or leaves open", async () => {
    const before = await calls();
    for (const action of ["decline", "cancel", "yes"]) {
      // oxlint-disable-next-line no-await-in-loop -- each with a question of its own
      const { message, result } = await call(answering(await asked(), action));
      expect([outcomeOf(message), result["isError"]]).toEqual([REFUSED, true]);
    }
    const { requestState = null } = await asked();
    expect(outcomeOf((await call({ ...WRITE, requestState })).message)).toBe(REFUSED);
    expect(await calls()).toBe(before);
  });

  test("is asked no more once the backend asks something itself", async () => {
    const params = { name: "modern_test_input_required_result_elicitation", arguments: {} };
    const first = (await call(params)).result;
    const allowed = { approval: { action: "accept" } };
    const { requestState = null } = first;
    const second = (await call({ ...params, requestState, inputResponses: allowed })).result;
    const questions = isJsonObject(second["inputRequests"]) ? second["inputRequests"] : {};
    expect(Object.keys(questions)).not.toContain("approval");
    const answers = Object.fromEntries(
      Object.keys(questions).map((one) => [
        one,
        { action: "accept", content: { name: "Ann", user_name: "Ann" } },
      ]),
    );
    const again = {
      ...params,
      requestState: second["requestState"] ?? null,
      inputResponses: answers,
    };
    const third = await call(again);
    expect(third.result["resultType"] ?? "complete").toBe("complete");
    expect(outcomeOf((await call(again)).message)).toContain("not open any more");
  });

  test("is told how else, where it cannot be asked", async () => {
    const { message, result } = await call(WRITE, key, {});
    expect([outcomeOf(message), result["isError"]]).toEqual([NEEDED, true]);
    expect(outcomeOf((await call({ name: "pad_read" }, key, {})).message)).toBe("read");
  });
});

describe("a legacy client", () => {
  test("is asked over its session", async () => {
    const session = await openRawSession(key, { capabilities: { elicitation: {} } });
    for (const [action, outcome] of [
      ["accept", "written"],
      ["decline", REFUSED],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one call after the other
      const reader = await session.call(action, "pad_write", { to: "x" });
      // oxlint-disable-next-line no-await-in-loop
      const question = await reader.until(({ method }) => method === "elicitation/create");
      // oxlint-disable-next-line no-await-in-loop
      await session.post({ id: question["id"], result: { action } });
      // oxlint-disable-next-line no-await-in-loop
      expect(outcomeOf(await reader.until(({ id }) => id === action))).toBe(outcome);
    }
    await session.end();
  });

  test("is told how else without one", async () => {
    const session = await openRawSession(key);
    const reader = await session.call(1, "pad_write");
    expect(outcomeOf(await reader.until(({ id }) => id === 1))).toBe(NEEDED);
    const read = await session.call(2, "pad_read");
    expect(outcomeOf(await read.until(({ id }) => id === 2))).toBe("read");
    await session.end();
  });
});

test("REST refuses the call and says how else, and lets pass what only reads", async () => {
  const headers = { "content-type": "application/json" };
  const refused = await key("/pad/write", { method: "POST", headers, body: "{}" });
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({
    detail: { code: "approval_needed", message: NEEDED, server: "pad", tool: "write" },
  });
  const read = await key("/pad/read", { method: "POST", headers, body: "{}" });
  expect(read.status).toBe(200);
});

test("asks about the call that a call of call_tool comes to, and shows that one", async () => {
  const searching = asking(await keyFor({ approvals: "ask", mode: "search" }));
  const wrapped = { name: "call_tool", arguments: WRITE };
  const { result } = await call(wrapped, searching);
  const { inputRequests, requestState = null } = result;
  const direct = (await asked())["inputRequests"];
  expect(inputRequests).toEqual(direct);
  const yes = { ...wrapped, requestState, inputResponses: { approval: { action: "accept" } } };
  expect(outcomeOf((await call(yes, searching)).message)).toBe("written");
  const reading = { name: "call_tool", arguments: { name: "pad_read" } };
  expect(outcomeOf((await call(reading, searching)).message)).toBe("read");
});

test("asks about every call where the rule is always, and never about what is not there", async () => {
  const always = asking(await keyFor({ approvals: "always", deny: ["pad/write"] }));
  expect((await call({ name: "pad_read" }, always)).result["resultType"]).toBe("input_required");
  expect(outcomeOf((await call(WRITE, always)).message)).toContain('Unknown tool: \\"pad_write\\"');
});
