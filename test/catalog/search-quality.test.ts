import { env, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { SearchIndex } from "../../src/catalog/search-index.ts";
import { toSearchDocument } from "../../src/catalog/search-document.ts";
import { nameTools } from "../../src/chat/tool-names.ts";
import { indexTools } from "../../src/chat/tool-ranking.ts";
import listings from "../support/real-tools.json" with { type: "json" };
import { MISSPELT, TOOL_QUESTIONS } from "../support/tool-questions.ts";
import { visibleTool } from "../support/visible-tool.ts";

const BACKENDS = Object.entries(listings).map(([backend, tools]) => ({
  backend,
  tools: tools.map(([name, title, description, parameters]) => ({
    name: String(name),
    title: String(title),
    description: String(description),
    inputSchema: {
      type: "object",
      properties: Object.fromEntries(
        [parameters].flat().map((parameter) => [String(parameter), {}]),
      ),
    },
  })),
}));
const SOURCES = BACKENDS.map(({ backend }) => ({ backend, hash: "1" }));
const TOP = 3;
/** What is asked in words that neither the tool nor a list of like meanings has: "who owes us money". */
const MISSED_IN_OBJECT = 5;
const MISSED_IN_ISOLATE = 8;

type Rank = (question: string) => readonly string[];

/** What is asked for and not among the first three. */
function missed(questions: typeof TOOL_QUESTIONS, rank: Rank) {
  return questions.flatMap(([question, wanted]) => {
    const found = rank(question);
    return found.includes(wanted) ? [] : [`${question}: ${found.join(", ")}`];
  });
}

test("finds what people ask for among the first three, in the object", async () => {
  await runInDurableObject(env.SEARCH.getByName("quality"), (_, { storage }) => {
    const index = new SearchIndex(storage.sql, Date.now);
    for (const { backend, tools } of BACKENDS) {
      const documents = tools.map(toSearchDocument);
      index.supply({ source: { backend, hash: "1" }, from: 0, count: tools.length, documents });
    }
    const rank: Rank = (query) => {
      const answer = index.search({ query, sources: SOURCES, offset: 0, limit: TOP });
      return answer.kind === "found" ? answer.hits.map(({ name }) => name) : [];
    };
    const missing = missed(TOOL_QUESTIONS, rank);
    expect(missing.length, missing.join("\n")).toBeLessThanOrEqual(MISSED_IN_OBJECT);
    expect(missed(MISSPELT, rank)).toEqual([]);
  });
});

test("finds as much in the isolate, for a model's chat", () => {
  const tools = BACKENDS.flatMap(({ backend, tools: listed }) =>
    listed.map(({ name, ...tool }) => visibleTool(backend, name, tool)),
  );
  const index = indexTools(nameTools(tools, new Set()));
  const rank: Rank = (query) =>
    index.search(query, TOP).tools.map(({ visible }) => visible.ownName);
  const missing = missed(TOOL_QUESTIONS, rank);
  expect(missing.length, missing.join("\n")).toBeLessThanOrEqual(MISSED_IN_ISOLATE);
  expect(missed(MISSPELT, rank)).toEqual([]);
});
