import { expect, test } from "vitest";
import { fakeProvider, listing, testModels } from "../support/test-models.ts";

const OPEN = { baseUrl: "https://open.test/v1" };
const OTHER = { baseUrl: "https://other.test/v1" };

async function found(
  name: string,
  needs: Parameters<typeof testModels>[0],
): Promise<string | undefined> {
  const { models, context } = testModels(needs);
  return (await models.find(name, context))?.id;
}

test("takes the first part of an id as the provider and all the rest as its model", async () => {
  const llm = { providers: { open: OPEN } };
  expect(await found("open/vendor/model:free", { llm })).toBe("open/vendor/model:free");
});

test("asks no provider for its list when the id names both", async () => {
  const provider = fakeProvider(() => listing("a"));
  await found("open/a", { llm: { providers: { open: OPEN } }, fetch: provider.fetch });
  expect(provider.asked).toEqual([]);
});

test("finds an alias before anything of the same name", async () => {
  const llm = { providers: { open: OPEN, other: OTHER }, aliases: { fast: "other/small" } };
  const { fetch } = fakeProvider(() => listing("fast"));
  expect(await found("fast", { llm, fetch })).toBe("other/small");
});

test("finds a tag before a bare name", async () => {
  const llm = {
    providers: { open: OPEN, other: { ...OTHER, models: [{ id: "big", tags: ["smart"] }] } },
  };
  const { fetch } = fakeProvider(() => listing("smart"));
  expect(await found("smart", { llm, fetch })).toBe("other/big");
});

test("gives a bare name to the first provider that knows it", async () => {
  const llm = { providers: { open: OPEN, other: OTHER } };
  const fetch = async (url: string): Promise<Response> =>
    url.startsWith("https://open") ? listing("one") : listing("one", "two");
  expect(await found("one", { llm, fetch })).toBe("open/one");
  expect(await found("two", { llm, fetch })).toBe("other/two");
  expect(await found("three", { llm, fetch })).toBeUndefined();
});

test("finds an embedding model by its bare name", async () => {
  const { fetch } = fakeProvider(() => listing("text-embedding-3-small"));
  expect(await found("text-embedding-3-small", { llm: { providers: { open: OPEN } }, fetch })).toBe(
    "open/text-embedding-3-small",
  );
});

test("keeps to the models a config names, and to what its patterns let through", async () => {
  const llm = { providers: { open: { ...OPEN, models: ["gpt-*", "o9"] } } };
  const { fetch } = fakeProvider(() => listing("gpt-1", "other"));
  expect(await found("open/gpt-1", { llm, fetch })).toBe("open/gpt-1");
  expect(await found("open/gpt-2", { llm, fetch })).toBeUndefined();
  expect(await found("open/other", { llm, fetch })).toBeUndefined();
  expect(await found("open/o9", { llm, fetch })).toBe("open/o9");
});

test("believes a pattern where the list is not known", async () => {
  const llm = { providers: { open: { ...OPEN, models: ["gpt-*"] } } };
  const { fetch } = fakeProvider(() => new Response("down", { status: 503 }));
  expect(await found("open/gpt-2", { llm, fetch })).toBe("open/gpt-2");
});

test.each([
  ["the config's default", { defaultModel: "open/a" }, { LLM_MODEL: "b" }, "open/a"],
  ["an alias as default", { defaultModel: "x", aliases: { x: "open/a" } }, {}, "open/a"],
  [
    "LLM_MODEL of LLM_BASE_URL",
    {},
    { LLM_BASE_URL: OTHER.baseUrl, LLM_MODEL: "v/b" },
    "default/v/b",
  ],
  ["LLM_MODEL of a provider in the config", {}, { LLM_MODEL: "open/c" }, "open/c"],
  [
    "the only configured model",
    { providers: { open: { ...OPEN, models: ["only"] } } },
    {},
    "open/only",
  ],
  ["the first listed chat model", {}, { LLM_BASE_URL: OTHER.baseUrl }, "default/chat"],
  ["nothing where there is a choice", {}, {}, undefined],
])("takes as default %s", async (_, llm, variables, expected) => {
  const { fetch } = fakeProvider(() => listing("text-embedding-1", "chat"));
  const { models, context } = testModels({
    llm: { providers: { open: OPEN }, ...llm },
    variables,
    fetch,
  });
  expect((await models.overview(context)).defaultModel?.id).toBe(expected);
});

test("takes a bare default at its word when no list is known", async () => {
  const { models, context } = testModels({
    llm: { providers: { open: OPEN }, defaultModel: "bare" },
    fetch: fakeProvider(() => new Response("", { status: 500 })).fetch,
  });
  expect((await models.overview(context)).defaultModel?.id).toBe("open/bare");
});

test("has no provider without config and variables", async () => {
  const { models, context } = testModels({});
  expect(await models.overview(context)).toMatchObject({ providers: [], defaultModel: undefined });
});
