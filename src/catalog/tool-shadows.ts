import { toExposedName } from "./exposed-name.ts";
import { showInvisible } from "./invisible-text.ts";
import type { ListedTool } from "./listing.ts";
import type { BackendName } from "../core/ids.ts";

/** Another backend, and what its tools are called there. */
export type Neighbour = Readonly<{ backend: BackendName; tools: readonly string[] }>;

/** Letters of other alphabets, and signs, that are drawn like these. */
const DRAWN_LIKE: ReadonlyMap<string, string> = new Map(
  Object.entries({
    a: "аα",
    c: "сϲ",
    d: "ԁ",
    e: "еε",
    h: "һ",
    i: "іιı",
    j: "ј",
    k: "кκ",
    l: "1|ӏ",
    m: "м",
    n: "п",
    o: "0оο",
    p: "рρ",
    q: "ԛ",
    s: "ѕ",
    t: "тτ",
    v: "νѵ",
    w: "ԝω",
    x: "хχ",
    y: "уγ",
  }).flatMap(([letter, others]) => Array.from(others, (other) => [other, letter] as const)),
);
/** More says nothing more. */
const MAX_SHADOWS = 5;
/** Of a description, as far as it is looked at for names. */
const MAX_TEXT = 65_536;

/**
 * Whether a tool passes for one of another backend, or speaks about one: by a name that looks like
 * its name, that begins with the name of its backend, or by naming it in a description. Backends
 * cannot collide, names are exposed with the backend's in front; but a model reads them side by side.
 */
export function createShadowFinder(
  neighbours: readonly Neighbour[],
): (tool: ListedTool) => readonly string[] {
  const looks = new Map<string, { backend: string; name: string }>();
  const exposed = new Map<string, string>();
  for (const { backend, tools } of neighbours) {
    for (const name of tools) {
      looks.set(lookOf(name), { backend, name });
      exposed.set(toExposedName(backend, name), backend);
    }
  }
  const names = new Set<string>(neighbours.map(({ backend }) => backend));
  return (tool) => {
    const found: string[] = [];
    const alike = looks.get(lookOf(tool.name));
    if (alike !== undefined && alike.name !== tool.name) {
      found.push(`its name looks like "${quoted(alike.name)}" of backend "${alike.backend}"`);
    }
    const [, first = ""] = /^([a-z][a-z0-9-]{0,30})_/.exec(tool.name) ?? [];
    if (names.has(first)) found.push(`its name begins with that of backend "${first}"`);
    const { description } = tool;
    const text = typeof description === "string" ? description.slice(0, MAX_TEXT) : "";
    const said = new Set(text.match(/[A-Za-z_][A-Za-z0-9_-]+/g) ?? []);
    for (const word of said) {
      const backend = exposed.get(word);
      if (backend !== undefined) {
        found.push(`its description names "${quoted(word)}" of backend "${backend}"`);
      }
    }
    return found.slice(0, MAX_SHADOWS);
  };
}

/** Two names of one look are read as one: by people by their letters, by models by their words. */
function lookOf(name: string): string {
  const letters = Array.from(name.normalize("NFKC").toLowerCase(), (letter) => {
    return DRAWN_LIKE.get(letter) ?? letter;
  });
  return letters
    .join("")
    .replaceAll(/[^\p{L}\p{N}]/gu, "")
    .replaceAll("rn", "m")
    .replaceAll("vv", "w");
}

function quoted(name: string): string {
  return showInvisible(name.slice(0, 100));
}
