import { expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { fakeProvider, saying, testModels, type TestModels } from "../support/test-models.ts";

const LLM = { providers: { it: { baseUrl: "https://it.test/v1", apiKey: "sk-secret-key-1" } } };

function refusing(status: number, headers: Readonly<Record<string, string>> = {}, error = {}) {
  return () => Response.json({ error: { message: "not now", ...error } }, { status, headers });
}

function ask({ models, context }: TestModels, mayRetry = true): Promise<Response> {
  return models
    .find("it/m", context)
    .then((ref) =>
      ref === undefined
        ? Promise.reject(new Error("the model is not there"))
        : models.openRaw(ref, { body: { messages: [] }, mayRetry }, context),
    );
}

test.each([429, 500, 502, 503, 529])("P23: tries again after status %i", async (status) => {
  const provider = fakeProvider(refusing(status), () => saying("hello"));
  const at = testModels({ llm: LLM, fetch: provider.fetch });
  const asking = ask(at);
  await at.clock.advance(999);
  expect(provider.asked).toHaveLength(1);
  await at.clock.advance(1);
  expect((await asking).status).toBe(200);
});

test("P23: waits longer each time, and says how often it tried", async () => {
  const provider = fakeProvider(refusing(503));
  const at = testModels({ llm: LLM, fetch: provider.fetch });
  const asking = ask(at).catch((error: unknown) => error);
  const counts: number[] = [];
  for (const ms of [1_000, 2_000, 4_000]) {
    await at.clock.advance(ms);
    counts.push(provider.asked.length);
  }
  expect(counts).toEqual([2, 3, 4]);
  expect(await asking).toMatchObject({
    code: "backend_failed",
    message:
      'Cannot answer with model "m": provider "it" failed (status 503): not now (tried 4 times)',
  });
});

test("P23: tries again where nobody answers", async () => {
  const provider = fakeProvider(
    () => Promise.reject(new TypeError("ECONNREFUSED 10.0.0.1")),
    () => saying("hello"),
  );
  const at = testModels({ llm: LLM, fetch: provider.fetch });
  const asking = ask(at);
  await at.clock.advance(1_000);
  expect((await asking).status).toBe(200);
});

test.each([400, 401, 403, 404, 409, 422])("P23: does not try again after %i", async (status) => {
  const provider = fakeProvider(refusing(status));
  await expect(ask(testModels({ llm: LLM, fetch: provider.fetch }))).rejects.toThrow("Cannot");
  expect(provider.asked).toHaveLength(1);
});

test.each([
  [{ "retry-after": "3" }, 3_000],
  [{ "retry-after-ms": "2500" }, 2_500],
  [{ "retry-after": "Thu, 01 Jan 1970 00:00:05 GMT" }, 5_000],
])("P23: waits as long as %j asks", async (headers, ms) => {
  const provider = fakeProvider(refusing(429, headers), () => saying("hello"));
  const at = testModels({ llm: LLM, fetch: provider.fetch });
  const asking = ask(at);
  await at.clock.advance(ms - 1);
  expect(provider.asked).toHaveLength(1);
  await at.clock.advance(1);
  expect((await asking).status).toBe(200);
});

test.each<[string, () => Response, JsonObject]>([
  [
    "is asked to wait for longer than a minute",
    refusing(429, { "retry-after": "61" }),
    { retryAfter: 61 },
  ],
  ["is told not to", refusing(503, { "x-should-retry": "false" }), {}],
  [
    "has no money left",
    refusing(429, {}, { code: "insufficient_quota" }),
    { finer: { code: "insufficient_quota" } },
  ],
])("does not try again when it %s", async (_, answer, expected) => {
  const provider = fakeProvider(answer);
  await expect(ask(testModels({ llm: LLM, fetch: provider.fetch }))).rejects.toMatchObject(
    expected,
  );
  expect(provider.asked).toHaveLength(1);
});

test("tries once where another try could do harm", async () => {
  const provider = fakeProvider(refusing(503));
  await expect(ask(testModels({ llm: LLM, fetch: provider.fetch }), false)).rejects.toThrow("503");
  expect(provider.asked).toHaveLength(1);
});

test("ends the wait for another try when the caller gives up", async () => {
  const at = testModels({ llm: LLM, fetch: fakeProvider(refusing(503)).fetch });
  const asking = ask(at).catch((error: unknown) => error);
  await at.clock.advance(500);
  at.life.abort();
  expect(await asking).toMatchObject({ code: "cancelled" });
  expect(at.clock.waiting()).toBe(0);
});

test("tries no more when two minutes are over", async () => {
  const provider = fakeProvider(() => new Promise<Response>(() => {}));
  const at = testModels({ llm: LLM, fetch: provider.fetch });
  const asking = ask(at).catch((error: unknown) => error);
  await at.clock.advance(120_000);
  expect(await asking).toMatchObject({ code: "backend_timeout" });
  expect(provider.asked).toHaveLength(1);
});

test("P26: never shows the key or the address in a provider's words", async () => {
  const provider = fakeProvider(
    refusing(400, {}, { message: "key sk-secret-key-1 at https://it.test/v1/x" }),
  );
  const error: unknown = await ask(testModels({ llm: LLM, fetch: provider.fetch })).catch(
    (e: unknown) => e,
  );
  expect(String(error)).toContain("key ••••••");
  expect(String(error)).not.toMatch(/sk-secret|it\.test/);
});

test("follows one redirect within the origin and none to another", async () => {
  const moved = (location: string) => () =>
    new Response(null, { status: 308, headers: { location } });
  const near = fakeProvider(moved("/v1/chat/completions/"), () => saying("hello"));
  expect((await ask(testModels({ llm: LLM, fetch: near.fetch }))).status).toBe(200);
  expect(near.asked[1]?.url).toBe("https://it.test/v1/chat/completions/");
  const far = fakeProvider(moved("https://far.test/"));
  await expect(ask(testModels({ llm: LLM, fetch: far.fetch }))).rejects.toThrow(
    'provider "it" answered with a redirect',
  );
  expect(far.asked).toHaveLength(1);
});

test.each([
  [
    "a web page",
    () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    "backend_failed",
  ],
  [
    "an error that says 200",
    () => Response.json({ error: { message: "slow down", code: 429 } }),
    "rate_limited",
  ],
  [
    "an error of vLLM that says 200",
    () => Response.json({ object: "error", message: "no", code: 400 }),
    "invalid_params",
  ],
])("case 14: tells %s from an answer", async (_, answer, code) => {
  const at = testModels({ llm: LLM, fetch: fakeProvider(answer).fetch });
  await expect(ask(at, false)).rejects.toMatchObject({ code });
});

test("takes an answer that tells of no error for one", async () => {
  const answer = () => Response.json({ choices: [], error: null, errors: [] });
  expect((await ask(testModels({ llm: LLM, fetch: fakeProvider(answer).fetch }))).status).toBe(200);
});
