import {
  askedWords,
  containable,
  descriptionOf,
  folded,
  likeMeaning,
  MAX_TEXT,
  plainName,
  toolTexts,
  WORD_PLACES,
  type WordPlace,
  wordsOf,
} from "../catalog/tool-words.ts";
import { compareText, type NamedTool } from "./tool-names.ts";

export type ToolIndex = Readonly<{
  /** At most `limit`, best first, and how many match at all. */
  search: (
    query: string,
    limit: number,
  ) => Readonly<{ tools: readonly NamedTool[]; total: number }>;
}>;

const WEIGHTS: Readonly<Record<WordPlace, number>> = {
  name: 8,
  title: 6,
  backend: 5,
  description: 3,
  parameters: 2,
};
/** Above every sum of words. */
const EXACT_NAME = 1_000;
/** A word that goes on after what was asked for, and one that only begins alike. */
const BEGINS = 0.7;
const ALIKE = 0.5;
/** Another word for the same. */
const SAME_MEANING = 0.45;

/** The tools that have a word, by their places in the list, each with its best weight. */
type Postings = { readonly places: number[]; readonly weights: number[] };

/** Built once for many searches: with thousands of tools each is a look at the words asked for. */
export function indexTools(tools: readonly NamedTool[]): ToolIndex {
  const words = new Map<string, Postings>();
  for (const [place, tool] of tools.entries()) addTool(words, place, tool);
  const vocabulary = [...words.keys()].toSorted(compareText);
  const exact = exactNames(tools);
  return {
    search(query, limit) {
      const asked = askedWords(query);
      const scores = scoreWords(asked, { words, vocabulary, count: tools.length });
      for (const place of exact.get(plainName(query)) ?? []) {
        scores.set(place, (scores.get(place) ?? 0) + EXACT_NAME);
      }
      if (scores.size === 0) addContaining(scores, asked, tools);
      const ranked = [...scores]
        .flatMap(([place, score]) => {
          const tool = tools[place];
          return tool === undefined ? [] : [{ tool, score }];
        })
        .toSorted((a, b) => b.score - a.score || compareNames(a.tool, b.tool));
      return { tools: ranked.slice(0, limit).map(({ tool }) => tool), total: ranked.length };
    },
  };
}

function addTool(words: Map<string, Postings>, place: number, named: NamedTool): void {
  const { tool, backend, ownName } = named.visible;
  const texts = toolTexts(backend, ownName, tool);
  // The weightiest first: a word counts where it is met first.
  for (const part of WORD_PLACES) {
    const weight = WEIGHTS[part];
    for (const word of wordsOf(texts[part])) {
      const postings = words.get(word) ?? { places: [], weights: [] };
      if (postings.places.length === 0) words.set(word, postings);
      else if (postings.places.at(-1) === place) continue;
      postings.places.push(place);
      postings.weights.push(weight);
    }
  }
}

type Words = Readonly<{
  words: ReadonlyMap<string, Postings>;
  vocabulary: readonly string[];
  count: number;
}>;

/** A word that few tools have says more; a tool with more of the words asked for comes first. */
function scoreWords(used: readonly string[], index: Words): Map<number, number> {
  const sums = new Map<number, { score: number; matched: number }>();
  for (const word of used) {
    const matches = matchWord(word, index);
    const rarity = Math.log(1 + index.count / Math.max(1, matches.size));
    for (const [place, weight] of matches) {
      const { score, matched } = sums.get(place) ?? { score: 0, matched: 0 };
      sums.set(place, { score: score + weight * rarity, matched: matched + 1 });
    }
  }
  return new Map(
    [...sums].map(([place, { score, matched }]) => [place, (score * matched) / used.length]),
  );
}

/** The word itself and others for the same, which count for less. */
function matchWord(word: string, index: Words): ReadonlyMap<number, number> {
  const matches = new Map<number, number>();
  addMatches(matches, { word, share: 1 }, index);
  for (const other of likeMeaning(word))
    addMatches(matches, { word: other, share: SAME_MEANING }, index);
  return matches;
}

/** Without the grammar of any language: `invoices` and `invoice` begin alike. */
function addMatches(
  matches: Map<number, number>,
  { word, share }: Readonly<{ word: string; share: number }>,
  { words, vocabulary }: Words,
): void {
  const head = word.length > 4 ? word.slice(0, Math.max(4, word.length - 3)) : word;
  for (let next = firstFrom(vocabulary, head); next < vocabulary.length; next += 1) {
    const known = vocabulary[next] ?? "";
    if (!known.startsWith(head)) break;
    const factor = likeness(word, known, head.length) * share;
    if (factor === 0) continue;
    const { places, weights } = words.get(known) ?? { places: [], weights: [] };
    for (const [at, place] of places.entries()) {
      const weight = (weights[at] ?? 0) * factor;
      matches.set(place, Math.max(matches.get(place) ?? 0, weight));
    }
  }
}

function likeness(asked: string, known: string, head: number): number {
  if (known === asked) return 1;
  if (asked.length > 2 && known.startsWith(asked)) return BEGINS;
  return asked.length > 4 && known.length <= head + 4 ? ALIKE : 0;
}

function firstFrom(sorted: readonly string[], head: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareText(sorted[middle] ?? "", head) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The spellings that mean just this tool, without regard to case and separators. */
function exactNames(tools: readonly NamedTool[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [place, { name, visible }] of tools.entries()) {
    const { ownName, backend } = visible;
    for (const spelling of new Set([name, ownName, `${backend}${ownName}`].map(plainName))) {
      const known = places.get(spelling) ?? [];
      places.set(spelling, known);
      known.push(place);
    }
  }
  return places;
}

/** For scripts without spaces between words, and for the middle of a word. */
function addContaining(
  scores: Map<number, number>,
  words: readonly string[],
  tools: readonly NamedTool[],
): void {
  const asked = containable(words);
  if (asked.length === 0) return;
  for (const [place, { name, visible }] of tools.entries()) {
    const text = folded(`${name} ${descriptionOf(visible.tool).slice(0, MAX_TEXT)}`);
    const found = asked.filter((word) => text.includes(word)).length;
    if (found > 0) scores.set(place, found);
  }
}

/** Of equal tools the plainer one: `get_document` before `get_document_history`. */
function compareNames(a: NamedTool, b: NamedTool): number {
  return a.name.length - b.name.length || compareText(a.name, b.name);
}
