import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { createKeyStore } from "../../src/auth/key-store.ts";
import { toUserId } from "../../src/auth/user-id.ts";
import { createUserStore } from "../../src/auth/user-store.ts";
import { asRegistry } from "../../src/config/registry-client.ts";
import { REGISTRY_NAME } from "../../src/config/registry-object.ts";
import { policyRules } from "../../src/config/policy-rules.ts";
import type { Limits } from "../../src/config/limits-config.ts";
import { quirk } from "../support/backend-calls.ts";
import { keyFor } from "../support/key-for.ts";
import { type Ask, openRawSession, outcomeOf } from "../support/raw-session.ts";
import { awaitReady, configure, readReply, send } from "../support/worker.ts";

const registry = () => asRegistry(env.REGISTRY.getByName(REGISTRY_NAME));
const users = createUserStore({ registry, now: Date.now });
const keys = createKeyStore({ registry, mirror: env.GATEWAY_KV, now: Date.now });
const narrow = quirk("narrow").url;

beforeAll(async () => {
  const { legacyJson } = inject("fixtures");
  await configure({
    mcpServers: {
      wide: { url: legacyJson },
      narrow: { url: narrow, limits: { concurrent: 2 } },
      slow: { url: quirk("hang").url, limits: { concurrent: 1 }, timeout: 1.2 },
      rare: { url: legacyJson, limits: { perDay: 1 } },
    },
  });
  await awaitReady(["wide", "narrow", "slow", "rare"]);
}, 30_000);

async function call(key: string, name: string) {
  const { message } = await readReply(
    await send("/mcp", {
      method: "POST",
      headers: bearer(key),
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name } }),
    }),
  );
  const { content, isError = false } = message.result as {
    content: { text: string }[];
    isError?: boolean;
  };
  return { isError, text: content[0]?.text ?? "" };
}

function rest(key: string, path: string): Promise<Response> {
  return send(path, {
    method: "POST",
    headers: bearer(key),
    body: "{}",
  });
}

async function personWith(limits: Limits): Promise<{ id: string; keys: [string, string] }> {
  const rules = policyRules.parse({ limits });
  const { id } = await users.create({ name: crypto.randomUUID(), rules });
  const make = async (name: string) => (await keys.create({ name, user: toUserId(id) })).key;
  const own: [string, string] = [await make("one"), await make("two")];
  // The Worker's own snapshot hears of somebody new within 5 s.
  const mayAsk = async () => (await send("/status", { headers: bearer(own[0]) })).status;
  await expect.poll(mayAsk, { timeout: 6_000 }).toBe(200);
  return { id, keys: own };
}

function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}`, "content-type": "application/json" };
}

describe("what a caller may ask", () => {
  test("is refused beyond a count, in the words of each surface, and of nobody else", async () => {
    const key = await keyFor({ limits: { perDay: 2 } });
    for (const _ of [1, 2]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as a client would
      expect((await call(key, "wide_echo")).isError).toBe(false);
    }
    const { isError, text } = await call(key, "wide_echo");
    expect(isError).toBe(true);
    expect(text).toMatch(
      /^Cannot call tool "echo": this key may make 2 calls a day, there are new ones at 00:00 UTC \(try again in \d+ s\)$/,
    );
    const refused = await rest(key, "/wide/echo");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ detail: { code: "rate_limited" } });
    const other = await keyFor({ limits: { perDay: 2 } });
    expect((await call(other, "wide_echo")).isError).toBe(false);
  });

  test("is counted in a session of its own as well, where its client can be asked", async () => {
    const key = await keyFor({ limits: { perDay: 1 } });
    const ask: Ask = (path, init) =>
      send(path, { ...init, headers: { ...init.headers, ...bearer(key) } });
    const session = await openRawSession(ask, { capabilities: { elicitation: {} } });
    const said: string[] = [];
    for (const id of [1, 2]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const reader = await session.call(id, "wide_echo");
      // oxlint-disable-next-line no-await-in-loop
      said.push(outcomeOf(await reader.until((message) => message["id"] === id)));
    }
    expect(said).toEqual(["{}", expect.stringContaining("this key may make 1 call a day")]);
    await session.end();
  });

  test("is told in the status, with what is left", async () => {
    const key = await keyFor({ limits: { perDay: 3, concurrent: 2 } });
    await call(key, "wide_echo");
    const status = await (await send("/status", { headers: bearer(key) })).json();
    expect(status).toMatchObject({
      limits: [{ of: "key", perDay: { limit: 3, left: 2 }, concurrent: { limit: 2 } }],
    });
    const free = await send("/status", { headers: bearer(await keyFor({})) });
    expect(await free.json()).toMatchObject({ limits: [] });
  });

  test("is the same for all keys of a person, and free again once the limit is gone", async () => {
    const { id, keys: own } = await personWith({ perDay: 1 });
    expect((await call(own[0], "wide_echo")).isError).toBe(false);
    expect((await call(own[1], "wide_echo")).text).toContain("this user may make 1 call a day");
    await users.change(id, { rules: policyRules.parse({}) });
    await expect
      .poll(async () => (await call(own[1], "wide_echo")).isError, { timeout: 6_000 })
      .toBe(false);
  }, 20_000);

  test("may be one call at a time, which calls in a row never feel", async () => {
    const key = await keyFor({ limits: { concurrent: 1 } });
    for (let round = 0; round < 5; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- in a row
      expect((await call(key, "wide_echo")).isError).toBe(false);
    }
    const both = await Promise.all([call(key, "slow_call"), call(key, "slow_call")]);
    expect(both.map(({ text }) => text)).toContain(
      'Cannot call tool "call": this key may make 1 call at once, wait for one to end (try again in 1 s)',
    );
  });
});

describe("what a backend takes", () => {
  test("lets calls wait for each other, whoever makes them", async () => {
    const two = await Promise.all([keyFor({}), keyFor({})]);
    const answers = await Promise.all(
      [...two, ...two, ...two].map((key) => call(key, "narrow_call")),
    );
    expect(answers.every(({ isError }) => !isError)).toBe(true);
    expect(Math.max(...answers.map(({ text }) => Number(text)))).toBe(2);
  });

  test("keeps a call waiting no longer than its own deadline leaves", async () => {
    const key = await keyFor({});
    const both = await Promise.all([call(key, "slow_call"), call(key, "slow_call")]);
    const texts = both.map(({ text }) => text).toSorted();
    expect(texts[1]).toMatch(
      /: backend "slow" takes 1 call at once, and none has ended within 0\.6 s/,
    );
    expect(texts[0]).toBe('Cannot call tool "call": backend "slow" did not answer within 1.2 s');
  });

  test("is counted for all callers together, and not for one whom something else refuses", async () => {
    const spent = await keyFor({ limits: { perDay: 1 } });
    await call(spent, "wide_echo");
    expect((await call(spent, "rare_echo")).text).toContain("this key may make 1 call a day");
    const [one, two] = await Promise.all([keyFor({}), keyFor({})]);
    expect((await call(one, "rare_echo")).isError).toBe(false);
    expect((await call(two, "rare_echo")).text).toContain('backend "rare" takes 1 call a day');
  });
});
