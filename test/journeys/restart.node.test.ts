import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { eventually } from "../support/child.ts";
import type { EventReader } from "../support/event-reader.ts";
import { type FixtureGateway, startFixtureGateway } from "../support/fixture-gateway.ts";
import { askModern, type ModernWish } from "../support/raw-modern.ts";
import {
  type Ask,
  askDoor,
  openRawSession,
  outcomeOf,
  type RawSession,
} from "../support/raw-session.ts";
import { startGateway, type StartedGateway } from "../support/start-gateway.ts";

/**
 * The gateway is killed in the middle of everything at once and started again on the same state:
 * what is kept goes on, and what is lost is said to be.
 */

const ASKABLE = { elicitation: {} };
const TASKS = { ...ASKABLE, extensions: { "io.modelcontextprotocol/tasks": {} } };
const DETACH = { "mcp-edge-gateway/detach": 0.1 };
const WATCHED = "test://watched-resource";
const SLOW = { name: "test_slow", arguments: { ms: 50_000, progress: 500 } };

let state: string;
let house: FixtureGateway;
let restarted: StartedGateway;
let ask: Ask;
let before: Awaited<ReturnType<typeof beginEverything>>;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "gateway-restart-"));
  house = await startFixtureGateway({ state, entry: { detach: 40 } });
  const { gateway, config } = house;
  before = await beginEverything(askDoor(gateway));
  await gateway.child.stop("SIGKILL");
  const port = Number(new URL(gateway.url).port);
  restarted = await startGateway(["--config", config], { state, port });
  ask = askDoor(restarted);
}, 120_000);

afterAll(async () => {
  await restarted?.stop();
  await house?.stop();
  await rm(state, { recursive: true, force: true });
});

/** Each leaves something open that the restart tears. */
async function beginEverything(first: Ask) {
  return {
    idle: await openRawSession(first, { path: "/mcp/session", capabilities: ASKABLE }),
    call: await beginCall(first),
    question: await beginQuestion(first),
    state: await park(first),
    running: await detach(first, SLOW.arguments),
    finished: await finish(first, await detach(first, { ms: 300 })),
    watching: await watch(first),
    listening: await listen(first),
  };
}

async function beginCall(first: Ask): Promise<{ session: RawSession; stream: EventReader }> {
  const session = await openRawSession(first, { path: "/mcp/session", capabilities: ASKABLE });
  const params = { ...SLOW, _meta: { progressToken: "mine" } };
  const stream = await session.request("slow", "tools/call", params);
  await stream.until(({ method }) => method === "notifications/progress");
  return { session, stream };
}

async function beginQuestion(first: Ask) {
  const session = await openRawSession(first, { path: "/mcp/sse", capabilities: ASKABLE });
  const stream = await session.call("asking", "test_whoami_elicitation", { secret: "s" });
  const { id } = await stream.question();
  return { session, stream, id };
}

const WHOAMI = { name: "test_whoami_elicitation", arguments: { secret: "s" } };

async function callModern(door: Ask, params: JsonObject, wish: ModernWish = {}) {
  const path = "/mcp/session";
  const stream = await askModern(door, "tools/call", params, {
    path,
    capabilities: ASKABLE,
    ...wish,
  });
  return stream.answer();
}

const resultOf = ({ result }: JsonObject): JsonObject => (isJsonObject(result) ? result : {});

async function park(first: Ask): Promise<JsonObject> {
  const asked = resultOf(await callModern(first, WHOAMI));
  expect(asked).toMatchObject({ resultType: "input_required" });
  return asked;
}

/** What a client comes back with. */
function answers({ requestState = null, inputRequests }: JsonObject): JsonObject {
  const keys = Object.keys(isJsonObject(inputRequests) ? inputRequests : {});
  const accepted = { action: "accept", content: { answer: "Ada" } };
  return {
    requestState,
    inputResponses: Object.fromEntries(keys.map((key) => [key, accepted])),
  };
}

async function detach(first: Ask, args: JsonObject): Promise<string> {
  const wish = { capabilities: TASKS, meta: DETACH };
  const made = await callModern(first, { name: "test_slow", arguments: args }, wish);
  expect(made).toMatchObject({ result: { resultType: "task" } });
  return resultOf(made)["taskId"] as string;
}

async function getTask(door: Ask, taskId: string): Promise<JsonObject> {
  const wish = { path: "/mcp/session", capabilities: TASKS };
  return resultOf(await (await askModern(door, "tasks/get", { taskId }, wish)).answer());
}

async function finish(first: Ask, taskId: string): Promise<string> {
  await eventually("the task is over", async () =>
    expect(await getTask(first, taskId)).toMatchObject({ status: "completed" }),
  );
  return taskId;
}

async function watch(first: Ask) {
  const session = await openRawSession(first, { path: "/mcp/session" });
  const stream = await session.listen();
  await (await session.request(1, "resources/subscribe", { uri: WATCHED })).answer();
  await session.call(2, "test_update_resource", { uri: WATCHED });
  await stream.until(({ method }) => method === "notifications/resources/updated");
  return { session, stream };
}

async function listen(first: Ask): Promise<EventReader> {
  const filter = { notifications: { promptsListChanged: true } };
  const stream = await askModern(first, "subscriptions/listen", filter, { path: "/mcp/session" });
  await stream.until(({ method }) => method === "notifications/subscriptions/acknowledged");
  return stream;
}

test("a legacy session goes on with the same id, and its calls are asked questions again", async () => {
  const session = before.idle.as(ask);
  const stream = await session.call(1, "test_whoami_elicitation", { secret: "after" });
  const { id } = await stream.question();
  await session.post({ id, result: { action: "accept", content: { answer: "Ada" } } });
  expect(outcomeOf(await stream.answer())).toBe("after:Ada");
});

test("a legacy call under way is said to be lost on its resumed stream, exactly once", async () => {
  const { session, stream } = before.call;
  await stream.rest();
  const resumed = await session.as(ask).listen(stream.lastId);
  const heard = await resumed.rest();
  expect(heard.filter(({ method }) => method !== "notifications/progress")).toMatchObject([
    { id: "slow", error: { code: -32603, message: expect.stringContaining("restarted") } },
  ]);
  const again = await session.as(ask).listen(resumed.lastId);
  expect(await again.rest()).toEqual([]);
});

test("a legacy call that waited for an answer is said to be lost, and the answer ignored", async () => {
  const { session, stream, id } = before.question;
  await stream.rest();
  const late = await session.as(ask).post({ id, result: { action: "accept", content: {} } });
  expect(late.status).toBe(202);
  const resumed = await session.as(ask).listen(stream.lastId);
  expect(await resumed.rest()).toMatchObject([{ id: "asking", error: { code: -32603 } }]);
});

test("a modern call parked on a question is refused clearly, and a fresh one works", async () => {
  const lost = await callModern(ask, { ...WHOAMI, ...answers(before.state) });
  expect(lost).toMatchObject({
    error: { code: -32602, message: expect.stringContaining("send the request again") },
  });
  const asked = await park(ask);
  const answered = await callModern(ask, { ...WHOAMI, ...answers(asked) });
  expect(outcomeOf(answered)).toBe("s:Ada");
});

test("a detached call under way has failed because of the restart, for tasks/get and get_result", async () => {
  expect(await getTask(ask, before.running)).toMatchObject({
    status: "failed",
    error: { message: expect.stringContaining("restarted") },
  });
  const session = await openRawSession(ask, { path: "/mcp/session" });
  const told = await session.call(1, "get_result", { handle: before.running });
  expect(outcomeOf(await told.answer())).toContain("restarted");
});

test("a detached call that was over still has its result", async () => {
  expect(await getTask(ask, before.finished)).toMatchObject({
    status: "completed",
    result: { content: [{ text: "Waited 300 ms" }] },
  });
  const session = await openRawSession(ask, { path: "/mcp/session" });
  const told = await session.call(1, "get_result", { handle: before.finished });
  expect(outcomeOf(await told.answer())).toBe("Waited 300 ms");
});

test("a session hears of what it subscribed to when it opens its stream again", async () => {
  const { session, stream } = before.watching;
  await stream.rest();
  const resumed = await session.as(ask).listen(stream.lastId);
  await session.as(ask).call(3, "test_update_resource", { uri: WATCHED });
  const heard = await resumed.until(({ method }) => method === "notifications/resources/updated");
  expect(heard).toMatchObject({ params: { uri: WATCHED } });
  await resumed.leave();
});

test("a modern subscription ends, and hears again when it is opened again", async () => {
  expect(await before.listening.rest()).toEqual([]);
  const stream = await listen(ask);
  await callModern(ask, { name: "test_trigger_prompt_change", arguments: {} });
  await stream.until(({ method }) => method === "notifications/prompts/list_changed");
  await stream.leave();
});
