import { env } from "cloudflare:workers";
import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { beforeAll, beforeEach, expect, inject, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { askModern } from "../support/raw-modern.ts";
import { type Ask, openRawSession, outcomeOf } from "../support/raw-session.ts";
import { awaitReady, configure, sendAuthorized } from "../support/worker.ts";

/** Objects are torn away while a client is being asked something. */

const ask: Ask = sendAuthorized;
const ASKABLE = { elicitation: {} };
const WHOAMI = { name: "test_whoami_elicitation", arguments: { secret: "s" } };

beforeAll(async () => {
  const { legacySession, legacySse } = inject("fixtures");
  await configure({
    mcpServers: {
      session: { type: "http", url: legacySession },
      sse: { type: "sse", url: legacySse },
    },
  });
});
beforeEach(() => awaitReady(["session", "sse"]), 30_000);

/** As a crash does: nothing of it gets to say goodbye. Only connections of one client's own. */
async function tearConnections(backend: string): Promise<void> {
  for (const id of await listDurableObjectIds(env.BACKENDS)) {
    const torn = runInDurableObject(env.BACKENDS.get(id), (_, state) => {
      if (state.id.name?.startsWith(`${backend}/`) === true) state.abort("torn");
    });
    await torn.catch(() => {}); // that is what it does
  }
}

const answerOf = (id: unknown): object => ({
  id,
  result: { action: "accept", content: { answer: "Ada" } },
});

test("a legacy client that is being asked by an SSE backend hears an error when the backend's object is lost", async () => {
  const session = await openRawSession(ask, { path: "/mcp/sse", capabilities: ASKABLE });
  const stream = await session.call(1, WHOAMI.name, WHOAMI.arguments);
  const { id } = await stream.question();
  await tearConnections("sse");
  const answer = await stream.answer();
  expect(answer["id"]).toBe(1);
  expect(outcomeOf(answer)).toMatch(/sse/);
  expect((await session.post(answerOf(id))).status).toBe(202);
  const again = await session.call(2, WHOAMI.name, WHOAMI.arguments);
  await session.post(answerOf((await again.question())["id"]));
  expect(outcomeOf(await again.answer())).toBe("s:Ada");
});

test("a legacy client that is being asked on the direct lane does not notice the loss", async () => {
  const session = await openRawSession(ask, { path: "/mcp/session", capabilities: ASKABLE });
  const stream = await session.call(1, WHOAMI.name, WHOAMI.arguments);
  const { id } = await stream.question();
  await tearConnections("session");
  await session.post(answerOf(id));
  expect(outcomeOf(await stream.answer())).toBe("s:Ada");
});

test("a modern client that has been asked by an SSE backend hears an error when it comes back, and a fresh call works", async () => {
  const wish = { path: "/mcp/sse", capabilities: ASKABLE };
  const call = async (more: JsonObject = {}): Promise<JsonObject> =>
    (await askModern(ask, "tools/call", { ...WHOAMI, ...more }, wish)).answer();
  const retry = async (asked: JsonObject): Promise<JsonObject> => {
    const { requestState = null, inputRequests } = asked["result"] as JsonObject;
    const [key = ""] = Object.keys(inputRequests as JsonObject);
    const { result = null } = answerOf(1) as JsonObject;
    return call({ requestState, inputResponses: { [key]: result } });
  };
  const asked = await call();
  await tearConnections("sse");
  expect(outcomeOf(await retry(asked))).toMatch(/sse|not open any more/);
  expect(outcomeOf(await retry(await call()))).toBe("s:Ada");
});
