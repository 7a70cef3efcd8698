import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/child.ts";
import {
  connectLegacy,
  type FixtureGateway,
  startFixtureGateway,
} from "../support/fixture-gateway.ts";
import { askModern } from "../support/raw-modern.ts";
import {
  type Ask,
  askDoor,
  openRawSession,
  outcomeOf,
  type RawSession,
} from "../support/raw-session.ts";

/** Several people and windows at the same time, through the real gateway. */

let house: FixtureGateway;
let ask: Ask;

beforeAll(async () => {
  house = await startFixtureGateway();
  ask = askDoor(house.gateway);
});
afterAll(() => house?.stop());

function asOwner(method: string, path: string, body?: object): Promise<Response> {
  const { url, ownerPassword } = house.gateway;
  return fetch(url + path, {
    method,
    headers: {
      authorization: `Basic ${btoa(`owner:${ownerPassword}`)}`,
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** A key is a person of its own. */
async function newPerson(): Promise<{ key: string; id: string; ask: Ask }> {
  const response = await asOwner("POST", "/admin/api/keys", { name: "somebody" });
  const { key, id } = (await response.json()) as { key: string; id: string };
  return { key, id, ask: askDoor({ url: house.gateway.url, apiKey: key }) };
}

const ASKABLE = { elicitation: {} };

const echoed = async (session: RawSession, id: number, secret: string): Promise<string> => {
  const stream = await session.call(id, "echo", { secret });
  const answer = await stream.answer();
  expect(answer).toMatchObject({ id });
  return outcomeOf(answer);
};

test.each([
  ["that can be asked", ASKABLE],
  ["that cannot", {}],
])(
  "500 calls each of two people %s under equal ids at the same time never cross",
  async (_, capabilities) => {
    const people = await Promise.all([newPerson(), newPerson()]);
    const sessions = await Promise.all(
      people.map((person) => openRawSession(person.ask, { path: "/mcp/session", capabilities })),
    );
    // In waves: 200 calls of one credential may be under way.
    for (let wave = 0; wave < 5; wave += 1) {
      const ids = Array.from({ length: 100 }, (_unused, index) => wave * 100 + index);
      const calls = ids.flatMap((id) =>
        sessions.map(async (session, person) => {
          const secret = `${person}-${id}-${crypto.randomUUID()}`;
          expect(await echoed(session, id, secret)).toBe(JSON.stringify({ secret }));
        }),
      );
      await Promise.all(calls);
    }
  },
);

test("equal request ids of one session at the same time each get their own answer", async () => {
  for (const capabilities of [ASKABLE, {}]) {
    const session = await openRawSession(ask, { path: "/mcp/session", capabilities });
    const secrets = ["a", "b", "c", "d"];
    const answers = await Promise.all(secrets.map((secret) => echoed(session, 1, secret)));
    expect(answers).toEqual(secrets.map((secret) => JSON.stringify({ secret })));
  }
});

test.each(["session", "sse", "modern"])(
  "two people asked at the same time through the %s backend are each asked their own",
  async (backend) => {
    const people = await Promise.all(
      ["Ada", "Bob"].map(async (name) => ({ name, ...(await newPerson()) })),
    );
    const asked: string[] = [];
    const results = await Promise.all(
      people.map(async ({ name, key }) => {
        const door = { url: house.gateway.url, apiKey: key };
        const client = await connectLegacy(door, `/mcp/${backend}`, ASKABLE, (prepared) => {
          prepared.setRequestHandler(ElicitRequestSchema, ({ params: { message } }) => {
            asked.push(`${name}: ${message}`);
            return { action: "accept", content: { answer: name } };
          });
        });
        const calls = [1, 2, 3, 4, 5].map((round) =>
          client.callTool({
            name: "test_whoami_elicitation",
            arguments: { secret: `${name}-${round}` },
          }),
        );
        const answers = await Promise.all(calls);
        await client.close();
        return answers.map((result) => outcomeOf({ result: result as never }));
      }),
    );
    const rounds = [1, 2, 3, 4, 5];
    expect(results).toEqual(
      people.map(({ name }) => rounds.map((round) => `${name}-${round}:${name}`)),
    );
    expect(asked.toSorted()).toEqual(
      people
        .flatMap(({ name }) => rounds.map((round) => `${name}: Who told me ${name}-${round}?`))
        .toSorted(),
    );
  },
);

test("somebody else can neither answer a question nor read or cancel the call it belongs to", async () => {
  const session = await openRawSession(ask, { path: "/mcp/session", capabilities: ASKABLE });
  const stream = await session.call(1, "test_whoami_elicitation", { secret: "s" });
  const { id } = await stream.question();
  const person = await newPerson();
  const theirs = await openRawSession(person.ask, { path: "/mcp/session", capabilities: ASKABLE });
  const forged = { id, result: { action: "accept", content: { answer: "forged" } } };
  expect((await theirs.post(forged)).status).toBe(202);
  expect((await session.as(person.ask).post(forged)).status).toBe(404);
  const cancelled = { method: "notifications/cancelled", params: { requestId: 1 } };
  expect((await theirs.post(cancelled)).status).toBe(202);
  expect((await session.as(person.ask).get(stream.lastId)).status).toBe(404);
  const replayed = await theirs.listen(stream.lastId);
  const reading = replayed.rest();
  await session.post({ id, result: { action: "accept", content: { answer: "me" } } });
  expect(outcomeOf(await stream.answer())).toBe("s:me");
  await theirs.end();
  expect(await reading).toEqual([]);
});

test("a parked call is not there for another person, another tool or other arguments", async () => {
  const wish = { path: "/mcp/session", capabilities: ASKABLE };
  const params = { name: "test_whoami_elicitation", arguments: { secret: "s" } };
  const asked = await (await askModern(ask, "tools/call", params, wish)).answer();
  const { requestState, inputRequests } = asked["result"] as {
    requestState: string;
    inputRequests: object;
  };
  const [key = ""] = Object.keys(inputRequests);
  const retry = (change: object = {}, who = ask) => {
    const inputResponses = { [key]: { action: "accept", content: { answer: "Ada" } } };
    return askModern(
      who,
      "tools/call",
      { ...params, requestState, inputResponses, ...change },
      wish,
    );
  };
  const person = await newPerson();
  for (const stolen of [
    retry({}, person.ask),
    retry({ name: "echo" }),
    retry({ arguments: { secret: "other" } }),
    retry({ requestState: `${requestState.slice(0, -2)}xx` }),
  ]) {
    expect(await (await stolen).answer()).toMatchObject({ error: { code: -32602 } });
  }
  expect(outcomeOf(await (await retry()).answer())).toBe("s:Ada");
});

test("a client that sends its answers twice at once is told the result twice", async () => {
  const wish = { path: "/mcp/session", capabilities: ASKABLE };
  const params = { name: "test_whoami_elicitation", arguments: { secret: "s" } };
  const asked = await (await askModern(ask, "tools/call", params, wish)).answer();
  const { requestState, inputRequests } = asked["result"] as {
    requestState: string;
    inputRequests: object;
  };
  const [key = ""] = Object.keys(inputRequests);
  const idle = await askModern(ask, "tools/call", { ...params, requestState }, wish);
  expect(await idle.answer()).toMatchObject({ result: { resultType: "input_required" } });
  const inputResponses = { [key]: { action: "accept", content: { answer: "Ada" } } };
  const answers = await Promise.all(
    [1, 2].map(async () => {
      const retried = { ...params, requestState, inputResponses };
      const answer = await (await askModern(ask, "tools/call", retried, wish)).answer();
      return outcomeOf(answer);
    }),
  );
  expect(answers).toContain("s:Ada");
  for (const answer of answers) expect(answer).toMatch(/^s:Ada$|not open any more/);
});

test("a revoked key ends the stream of its session within 5 s, and the session is gone", async () => {
  const person = await newPerson();
  const session = await openRawSession(person.ask, { capabilities: ASKABLE });
  const stream = await session.listen();
  const ended = stream.rest();
  await asOwner("DELETE", `/admin/api/keys/${person.id}`);
  const revoked = Date.now();
  await ended;
  expect(Date.now() - revoked).toBeLessThan(6_000);
  expect((await session.post({ id: 1, method: "ping" })).status).toBe(401);
});

test("a session has four GET streams at most, and each message goes to one of them", async () => {
  const session = await openRawSession(ask, { path: "/mcp/session" });
  const streams = [];
  for (let count = 0; count < 5; count += 1) streams.push(await session.listen());
  expect(await streams[0]?.rest()).toEqual([]);
  await session.call(1, "test_trigger_tool_change");
  await streams[4]?.until(({ method }) => method === "notifications/tools/list_changed");
  await session.end();
  await Promise.all(streams.map((stream) => stream.rest()));
  const heard = streams.flatMap(({ messages }) => messages);
  expect(heard.map(({ method }) => method)).toEqual(["notifications/tools/list_changed"]);
});

test("an answer to a question counts in a batch too, as does a cancellation", async () => {
  const wish = { path: "/mcp/session", version: "2025-03-26", capabilities: ASKABLE };
  const session = await openRawSession(ask, wish);
  const stream = await session.call(1, "test_whoami_elicitation", { secret: "s" });
  const waiting = session.call(2, "wait");
  const { id } = await stream.question();
  await eventually("the call arrives", async () => {
    const log = await fetch(new URL("/log", house.fixtures.session.url));
    expect(await log.text()).toContain('"name":"wait"');
  });
  const answer = { id, result: { action: "accept", content: { answer: "Ada" } } };
  const cancel = { method: "notifications/cancelled", params: { requestId: 2 } };
  const batch = await ask("/mcp/session", {
    method: "POST",
    headers: { "content-type": "application/json", "mcp-session-id": session.id },
    body: JSON.stringify([answer, cancel].map((message) => ({ jsonrpc: "2.0", ...message }))),
  });
  expect(batch.status).toBe(202);
  expect(outcomeOf(await stream.answer())).toBe("s:Ada");
  expect(await (await waiting).rest()).toEqual([]);
});
