import { env, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { SearchIndex } from "../../src/catalog/search-index.ts";
import type { SearchDocument, SearchSource } from "../../src/catalog/search-stub.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
const MINE: SearchSource = { backend: "mail", hash: "of one person" };
const THEIRS: SearchSource = { backend: "mail", hash: "of another" };

function document(name: string, description = ""): SearchDocument {
  return { name, title: "", description, parameters: "" };
}

type Indexed = Readonly<{
  index: SearchIndex;
  supply: (source: SearchSource, ...documents: SearchDocument[]) => void;
  /** Own names, or what is missing. */
  find: (query: string, ...sources: SearchSource[]) => readonly (string | number)[];
  pass: (ms: number) => void;
}>;

/** An index of its own, with a clock in the test's hands. */
async function indexed(use: (its: Indexed) => void): Promise<void> {
  await runInDurableObject(env.SEARCH.getByName(crypto.randomUUID()), (_, { storage }) => {
    let now = 1_000_000;
    const index = new SearchIndex(storage.sql, () => now);
    use({
      index,
      supply: (source, ...documents) =>
        index.supply({ source, from: 0, count: documents.length, documents }),
      find(query, ...sources) {
        const answer = index.search({ query, sources, offset: 0, limit: 10 });
        return answer.kind === "missing" ? answer.sources : answer.hits.map(({ name }) => name);
      },
      pass: (ms) => {
        now += ms;
      },
    });
  });
}

test("asks for what it was not given yet, and takes it in parts", () =>
  indexed(({ index, find, supply }) => {
    supply(MINE, document("send_mail"));
    expect(find("mail", MINE, THEIRS)).toEqual([1]);
    index.supply({ source: THEIRS, from: 0, count: 2, documents: [document("send_mail")] });
    expect(find("mail", MINE, THEIRS)).toEqual([1]);
    const rest = { source: THEIRS, from: 1, count: 2, documents: [document("read_mail")] };
    index.supply(rest);
    index.supply(rest);
    expect(new Set(find("mail", THEIRS))).toEqual(new Set(["read_mail", "send_mail"]));
    supply({ backend: "empty", hash: "1" });
    expect(find("mail", { backend: "empty", hash: "1" })).toEqual([]);
  }));

test("finds only what is in the listings asked for", () =>
  indexed(({ find, supply }) => {
    supply(MINE, document("open_diary"));
    supply(THEIRS, document("open_ledger"));
    expect(find("open", MINE)).toEqual(["open_diary"]);
    expect(find("open_ledger", MINE)).toEqual(["open_diary"]);
    expect(find("ledger", MINE)).toEqual([]);
    expect(find("edger", MINE)).toEqual([]);
    expect(find("lefger", MINE)).toEqual([]);
    expect(find("open")).toEqual([]);
  }));

test("puts the tool first whose name is asked for, in any spelling", () =>
  indexed(({ find, supply }) => {
    supply(MINE, document("get_invoice_lines", "get invoice get invoice"), document("getInvoice"));
    for (const query of ["get_invoice", "GetInvoice", "mail_get_invoice", "mail:getInvoice"]) {
      expect(find(query, MINE)[0]).toBe("getInvoice");
    }
  }));

test("understands endings, beginnings, humps, accents, like meanings and slips", () =>
  indexed(({ find, supply }) => {
    supply(
      MINE,
      document("listInvoices"),
      document("pool", "Überfällige Prüfungen der Datenträger"),
      document("light", "照明を点ける"),
      document("remove_user"),
    );
    expect(find("invoicing", MINE)).toEqual(["listInvoices"]);
    expect(find("invo", MINE)).toEqual(["listInvoices"]);
    expect(find("INVOICE?", MINE)).toEqual(["listInvoices"]);
    expect(find("invocies", MINE)).toEqual(["listInvoices"]);
    expect(find("uberfallig", MINE)).toEqual(["pool"]);
    expect(find("träger", MINE)).toEqual(["pool"]);
    expect(find("点け", MINE)).toEqual(["light"]);
    expect(find("delete", MINE)).toEqual(["remove_user"]);
  }));

test("reads hostile questions as words", () =>
  indexed(({ find, supply }) => {
    supply(MINE, document("near"), document("and_or_not"));
    for (const query of [
      '"',
      "*",
      "name:near NOT near",
      'near" OR "and',
      "NEAR(a b)",
      "^near",
      "{name}: near",
      "'; DROP TABLE tools; --",
      "\u0000near\u0000",
      "\ud800near",
      "x ".repeat(50_000) + "near",
      "near".repeat(25_000),
      "",
      " ",
      "🙂",
    ]) {
      expect(() => find(query, MINE), query.slice(0, 40)).not.toThrow();
    }
    expect(find("near", MINE)).toEqual(["near"]);
    expect(find("AND OR NOT", MINE)).toEqual(["and_or_not"]);
  }));

test("forgets listings nobody has searched for a week", () =>
  indexed(({ find, supply, pass }) => {
    supply(MINE, document("old"));
    supply(THEIRS, document("used"));
    pass(4 * DAY_MS);
    expect(find("used", THEIRS)).toEqual(["used"]);
    pass(4 * DAY_MS);
    supply({ backend: "new", hash: "1" }, document("new"));
    expect(find("old", MINE, THEIRS)).toEqual([0]);
  }));

test("gives the hits page by page", () =>
  indexed(({ index, supply }) => {
    supply(MINE, ...Array.from({ length: 30 }, (_, at) => document(`task_${at}`)));
    const page = (offset: number) =>
      index.search({ query: "task", sources: [MINE], offset, limit: 20 });
    expect(page(0)).toMatchObject({ kind: "found", total: 30, hits: { length: 20 } });
    expect(page(20)).toMatchObject({ kind: "found", total: 30, hits: { length: 10 } });
  }));

test("reads all texts once and few words for a question of which nothing is known", () =>
  runInDurableObject(env.SEARCH.getByName(crypto.randomUUID()), (_, { storage: { sql } }) => {
    const asked: string[] = [];
    const exec: SqlStorage["exec"] = (query, ...values) => {
      asked.push(query);
      return sql.exec(query, ...values);
    };
    const heard = new Proxy(sql, {
      get: (target, key) => (key === "exec" ? exec : Reflect.get(target, key)),
    });
    const index = new SearchIndex(heard, () => 1);
    const documents = [document("send_mail", "Sends a letter")];
    index.supply({ source: MINE, from: 0, count: 1, documents });
    const query = Array.from({ length: 24 }, (_one, at) => `unknown${at}x`).join(" ");
    asked.length = 0;
    index.search({ query, sources: [MINE], offset: 0, limit: 5 });
    const countOf = (part: string) => asked.filter((one) => one.includes(part)).length;
    expect([countOf("instr("), countOf("FROM vocabulary")]).toEqual([1, 4]);
  }));
