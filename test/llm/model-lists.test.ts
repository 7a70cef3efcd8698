import { expect, test } from "vitest";
import { fakeProvider, listing, testModels } from "../support/test-models.ts";

const llm = { providers: { open: { baseUrl: "https://open.test/v1", apiKey: "sk-secret-key-1" } } };

function ids(models: readonly Readonly<{ id: string }>[]): readonly string[] {
  return models.map(({ id }) => id);
}

test("case 1: lists what can chat, sorted, and nothing that only a list knows", async () => {
  const data = [
    { id: "zeta", object: "model", created: 5, owned_by: "me", pipeline: { type: "filter" } },
    { id: "text-embedding-3-small" },
    { id: "whisper-1" },
    { id: "gpt-image-1" },
    { id: "alpha", name: "Alpha" },
  ];
  const { models, context } = testModels({
    llm,
    fetch: fakeProvider(() => Response.json({ data })).fetch,
  });
  const list = await models.models(context);
  expect(ids(list)).toEqual(["open/alpha", "open/zeta"]);
  expect(list).toMatchObject([{ name: "Alpha" }, { created: 5, ownedBy: "me", tags: [] }]);
  expect(JSON.stringify(list)).not.toContain("pipeline");
});

test.each([
  [{ id: "a", architecture: { output_modalities: ["text", "image"] } }, true],
  [{ id: "image", architecture: { output_modalities: ["text"] } }, true],
  [{ id: "b", architecture: { output_modalities: ["embeddings"] } }, false],
  [{ id: "c", capabilities: { completion_chat: false } }, false],
  [{ id: "whisper-chat", capabilities: { completion_chat: true } }, true],
  [{ id: "d", type: "embedding" }, false],
  [{ id: "llama-3.3-70b-instruct" }, true],
  [{ id: "nomic-embed-text" }, false],
  [{ id: "bge-m3" }, false],
  [{ id: "gpt-4o-mini-tts" }, false],
  [{ id: "dall-e-3" }, false],
  [{ id: "omni-moderation-latest" }, false],
  [{ id: "cohere/rerank-v3" }, false],
  [{ id: "imagine-chat" }, true],
])("tells whether %j chats: %s", async (item, chats) => {
  const { fetch } = fakeProvider(() => Response.json({ data: [item] }));
  const { models, context } = testModels({ llm, fetch });
  expect(ids(await models.models(context))).toEqual(chats ? [`open/${item.id}`] : []);
});

test("lists what the config names whatever the provider says, and asks only for patterns", async () => {
  const named = [{ id: "my-whisper-chat", name: "Mine", tags: ["house"] }];
  const { fetch, asked } = fakeProvider(() => listing("gpt-1"));
  const one = testModels({
    llm: { providers: { open: { ...llm.providers.open, models: named } } },
    fetch,
  });
  expect(await one.models.models(one.context)).toMatchObject([
    { id: "open/my-whisper-chat", name: "Mine", tags: ["house"] },
  ]);
  expect(asked).toEqual([]);
  const both = testModels({
    llm: { providers: { open: { ...llm.providers.open, models: [...named, "gpt-*"] } } },
    fetch,
  });
  expect(ids(await both.models.models(both.context))).toEqual([
    "open/gpt-1",
    "open/my-whisper-chat",
  ]);
});

test("asks once for all who want a list meanwhile", async () => {
  const answer = Promise.withResolvers<Response>();
  let asked = 0;
  const { models, context } = testModels({
    llm,
    fetch: () => {
      asked += 1;
      return answer.promise;
    },
  });
  const both = [models.models(context), models.models(context)];
  answer.resolve(listing("a"));
  for (const list of await Promise.all(both)) expect(ids(list)).toEqual(["open/a"]);
  expect(asked).toBe(1);
});

test("asks again after five minutes, while the old list answers", async () => {
  const { fetch, asked } = fakeProvider(
    () => listing("old"),
    () => listing("new"),
  );
  const { models, context, clock } = testModels({ llm, fetch });
  await models.models(context);
  await clock.advance(299_000);
  await models.models(context);
  expect(asked).toHaveLength(1);
  await clock.advance(2_000);
  expect(ids(await models.models(context))).toEqual(["open/old"]);
  await clock.advance(0);
  expect(ids(await models.models(context))).toEqual(["open/new"]);
});

test("keeps the list of a provider that fails, says why, and asks again in half a minute", async () => {
  const { fetch, asked } = fakeProvider(
    () => listing("a"),
    () => Response.json({ error: { message: "bad key sk-secret-key-1" } }, { status: 401 }),
  );
  const { models, context, clock } = testModels({ llm, fetch });
  await models.models(context);
  await clock.advance(301_000);
  await models.models(context);
  await clock.advance(0);
  expect(ids(await models.models(context))).toEqual(["open/a"]);
  expect(await models.troubles(context)).toEqual([
    {
      provider: "open",
      problem:
        'Cannot list models: provider "open" refused the gateway\'s own credential (status 401)',
    },
  ]);
  expect(asked).toHaveLength(2);
  await clock.advance(31_000);
  await models.models(context);
  expect(asked).toHaveLength(3);
});

test("case 1: answers within a second when a provider never does", async () => {
  const { models, context } = testModels({
    llm: { providers: { ...llm.providers, good: { baseUrl: "https://good.test/v1" } } },
    fetch: (url) => (url.includes("good") ? Promise.resolve(listing("a")) : new Promise(() => {})),
  });
  const begun = Date.now();
  expect(ids(await models.models(context))).toEqual(["good/a"]);
  expect(Date.now() - begun).toBeLessThan(1_000);
});

test("asks once for all who wait for a list", async () => {
  const { fetch, asked } = fakeProvider(() => listing("a"));
  const { models, context } = testModels({ llm, fetch });
  const lists = await Promise.all([models.models(context), models.models(context)]);
  expect(lists.map(ids)).toEqual([["open/a"], ["open/a"]]);
  expect(asked).toHaveLength(1);
});

test("keeps at most two thousand models of a provider, and refuses a list that is none", async () => {
  const many = Array.from({ length: 3_000 }, (_, at) => `many-${at}`);
  const large = testModels({ llm, fetch: fakeProvider(() => listing(...many)).fetch });
  expect(await large.models.models(large.context)).toHaveLength(2_000);
  const none = testModels({ llm, fetch: fakeProvider(() => Response.json({ hello: 1 })).fetch });
  expect(await none.models.models(none.context)).toEqual([]);
  expect(await none.models.troubles(none.context)).toHaveLength(1);
});
