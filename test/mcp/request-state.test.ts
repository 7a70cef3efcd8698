import { beforeAll, describe, expect, inject, test } from "vitest";
import { inAccount } from "../../src/auth/in-account.ts";
import { toUserId } from "../../src/auth/user-id.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { isJsonObject } from "../../src/core/json.ts";
import { createSeal } from "../../src/core/seal.ts";
import { parseBackendName } from "../../src/config/backend-name.ts";
import { ALL } from "../../src/gateway/gateway.ts";
import { createRequestStates, STATE_LIFE_MS } from "../../src/mcp/request-state.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { askModern } from "../support/raw-modern.ts";
import { type Ask, outcomeOf } from "../support/raw-session.ts";
import { testCaller } from "../support/test-caller.ts";
import { awaitReady, configure, send, sendAsOwner, sendAuthorized } from "../support/worker.ts";

/** `requestState` is in the hands of the client (MCP 2026-07-28, server/utilities/mrtr). */

const { modern, legacySession } = inject("fixtures");
const CAPABILITIES: JsonObject = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const mine: Ask = sendAuthorized;
let theirs: Ask;
let sameRights: Ask;

async function someone(rules: object): Promise<Ask> {
  const response = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "someone", ...rules }),
  });
  const { key } = (await response.json()) as { key: string };
  return (path, init) =>
    send(path, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } });
}

async function newUser(): Promise<string> {
  const response = await sendAsOwner("/admin/api/users", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: crypto.randomUUID() }),
  });
  return ((await response.json()) as { id: string }).id;
}

async function giveRules(id: string, rules: object): Promise<void> {
  const response = await sendAsOwner(`/admin/api/users/${id}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ rules }),
  });
  expect(response.status).toBe(200);
}

beforeAll(async () => {
  await configure({
    mcpServers: {
      passing: { url: modern },
      twin: { url: modern },
      holding: { url: legacySession },
    },
  });
  await awaitReady(["passing", "twin", "holding"]);
  theirs = await someone({});
  sameRights = await someone({ allow: ["*"] });
}, 30_000);

type Call = Readonly<{ method?: string; params?: JsonObject; path?: string; ask?: Ask }>;

async function say(
  params: JsonObject,
  { method = "tools/call", path = "/mcp/passing", ask = mine }: Call = {},
): Promise<JsonObject> {
  return (await askModern(ask, method, params, { path, capabilities: CAPABILITIES })).answer();
}

const NAMED = { name: "test_input_required_result_elicitation", arguments: {} };
const ANSWERS: JsonObject = { action: "accept", content: { name: "Ada" } };

/** Begins a call that asks, and answers what the client sends with its retry. */
async function asked(call: Call = {}): Promise<JsonObject> {
  const { result } = await say(call.params ?? NAMED, call);
  if (!isJsonObject(result) || result["resultType"] !== "input_required") {
    throw new Error(`not asked: ${JSON.stringify(result)}`);
  }
  const { inputRequests, requestState } = result;
  const keys = Object.keys(isJsonObject(inputRequests) ? inputRequests : {});
  const inputResponses = Object.fromEntries(keys.map((key) => [key, ANSWERS]));
  return { requestState: requestState ?? "", inputResponses };
}

function stateOf({ requestState }: JsonObject): string {
  return typeof requestState === "string" ? requestState : "";
}

const REFUSED = { error: { code: -32602, message: expect.stringContaining("requestState") } };

describe.each(["passing", "holding"])("what the backend %s asks", (backend) => {
  const path = `/mcp/${backend}`;

  test("goes on with the state that came with it", async () => {
    const retry = await asked({ path });
    expect(outcomeOf(await say({ ...NAMED, ...retry }, { path }))).toBe("Hello, Ada!");
  });

  test("does not go on with a state that was changed anywhere", async () => {
    const retry = await asked({ path });
    const state = stateOf(retry);
    const last = state.length - 1;
    for (const at of [0, 5, 16, Math.floor(last / 2), last - 4]) {
      const other = state[at] === "A" ? "B" : "A";
      const requestState = state.slice(0, at) + other + state.slice(at + 1);
      expect(await say({ ...NAMED, ...retry, requestState }, { path })).toMatchObject(REFUSED);
    }
    for (const requestState of [
      state.slice(4),
      `${state}AAAA`,
      state + state,
      "",
      "%%%",
      7,
      null,
    ]) {
      expect(await say({ ...NAMED, ...retry, requestState }, { path })).toMatchObject(REFUSED);
    }
    expect(outcomeOf(await say({ ...NAMED, ...retry }, { path }))).toBe("Hello, Ada!");
  });

  test("does not go on for anybody else", async () => {
    const retry = await asked({ path });
    for (const ask of [theirs, sameRights]) {
      expect(await say({ ...NAMED, ...retry }, { path, ask })).toMatchObject(REFUSED);
    }
    expect(outcomeOf(await say({ ...NAMED, ...retry }, { path }))).toBe("Hello, Ada!");
  });

  test("does not go on once a rule has taken the tool away", async () => {
    const id = await newUser();
    const ask = await someone({ user: id });
    const retry = await asked({ path, ask });
    await giveRules(id, { deny: [`${backend}/${NAMED.name}`] });
    const listed = async () => JSON.stringify(await say({}, { path, ask, method: "tools/list" }));
    await expect.poll(listed, { timeout: 6_000, interval: 200 }).not.toContain(`"${NAMED.name}"`);
    const { result, error } = await say({ ...NAMED, ...retry }, { path, ask });
    expect(JSON.stringify(result ?? error)).toMatch(/Unknown tool|not open any more/);
  });

  test("does not go on as another call", async () => {
    const retry = await asked({ path });
    const others: readonly (readonly [JsonObject, Call])[] = [
      [{ ...NAMED, name: "test_input_required_result_request_state" }, { path }],
      [{ ...NAMED, arguments: { more: 1 } }, { path }],
      [{ ...NAMED }, { path: "/mcp/twin" }],
      [{ ...NAMED, name: `${backend}_${NAMED.name}` }, { path: "/mcp" }],
      [{ name: "test_input_required_result_prompt" }, { path, method: "prompts/get" }],
      [{ uri: "test://static-text" }, { path, method: "resources/read" }],
    ];
    for (const [params, call] of others) {
      expect(await say({ ...params, ...retry }, call)).toMatchObject(REFUSED);
    }
    expect(outcomeOf(await say({ ...NAMED, ...retry }, { path }))).toBe("Hello, Ada!");
  });
});

test("a held call that is over is not run again by its state", async () => {
  const path = "/mcp/holding";
  const retry = await asked({ path });
  expect(outcomeOf(await say({ ...NAMED, ...retry }, { path }))).toBe("Hello, Ada!");
  expect(await say({ ...NAMED, ...retry }, { path })).toMatchObject({ error: { code: -32602 } });
});

test("a client sees nothing of a backend's own state, and cannot put one in", async () => {
  const plain: Ask = (_, init) => fetch(modern, init);
  const raw = await asked({ ask: plain });
  const sealed = await asked();
  const own = stateOf(raw).split(".").map(readable).join(" ");
  expect(own).toContain("answers");
  expect(readable(stateOf(sealed))).not.toContain("answers");
  expect(await say({ ...NAMED, ...raw })).toMatchObject(REFUSED);
  expect(outcomeOf(await say({ ...NAMED, ...raw }, { ask: plain }))).toBe("Hello, Ada!");
});

function readable(base64: string): string {
  try {
    return atob(base64.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return "";
  }
}

test("a state is good for ten minutes, for its caller and under its key alone", async () => {
  const { now, advance } = createManualClock();
  const seal = createSeal("a key of sufficient length", "request-state");
  const states = createRequestStates(seal, now);
  const call = { caller: testCaller(), scope: ALL, method: "tools/call", params: NAMED };
  const state = { kind: "passed", backend: parseBackendName("passing"), state: "s" } as const;
  const sealed = await states.seal(call, state);
  await advance(STATE_LIFE_MS - 1);
  expect(await states.open(call, sealed)).toEqual(state);
  await advance(1);
  await expect(states.open(call, sealed)).rejects.toMatchObject({ code: "invalid_params" });

  const fresh = await states.seal(call, state);
  const sameUser = { ...call, caller: testCaller({ credentialId: "key-2" }) };
  await expect(states.open(sameUser, fresh)).rejects.toMatchObject({ code: "invalid_params" });
  const sameKey = { ...call, caller: testCaller({ userId: toUserId("ow-2") }) };
  await expect(states.open(sameKey, fresh)).rejects.toMatchObject({ code: "invalid_params" });
  const endpoint = { ...call, scope: { kind: "one", backend: parseBackendName("wave") } } as const;
  const [work, home] = ["work", "home"].map((name) => {
    return {
      ...endpoint,
      caller: inAccount(call.caller, { backend: endpoint.scope.backend, name }),
    };
  });
  if (work === undefined || home === undefined) throw new Error("there are two");
  const ofWork = await states.seal(work, state);
  expect(await states.open(work, ofWork)).toEqual(state);
  await expect(states.open(home, ofWork)).rejects.toMatchObject({ code: "invalid_params" });
  await expect(states.open(endpoint, ofWork)).rejects.toMatchObject({ code: "invalid_params" });
  const otherKey = createSeal("another key of sufficient length", "request-state");
  const otherUse = createSeal("a key of sufficient length", "backend-task");
  for (const other of [otherKey, otherUse]) {
    const opened = createRequestStates(other, now).open(call, fresh);
    await expect(opened).rejects.toMatchObject({ code: "invalid_params" });
  }
});

test.each(["/mcp/passing", "/mcp/holding"])(
  "a client that cannot be asked is told at once what it lacks, at %s",
  async (path) => {
    const params = { name: "test_sampling", arguments: { prompt: "x" } };
    const reader = await askModern(mine, "tools/call", params, {
      path,
      capabilities: { elicitation: {} },
    });
    expect(reader.response.status).toBe(400);
    expect(await reader.answer()).toMatchObject({
      error: { code: -32021, data: { requiredCapabilities: { sampling: {} } } },
    });
  },
);
