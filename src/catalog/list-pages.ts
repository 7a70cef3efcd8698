import { sha256Hex } from "../core/digest.ts";

/**
 * Many clients read the first page only, so a page holds as much as a client can be expected to
 * take in one message: far beyond what any shows to a model (Claude 256 tools, VS Code 128), below
 * what stops a bridge that reads a line of JSON at a time.
 */
const PAGE_ENTRIES = 2_000;
const PAGE_CHARS = 1024 * 1024;

export type ListPage = Readonly<{
  /** JSON text of the array. */
  entries: string;
  nextCursor: string | undefined;
}>;

/** By cursor; the first page has none. */
export type ListPages = ReadonlyMap<string | undefined, ListPage>;

/**
 * The pages of a list. A cursor is a digest of what list it is, of all that is in it, and of the
 * place: it is known again in every isolate, and fits no other list and no other version of this
 * one, where entries would be missed or seen twice. `name` tells lists apart that may be equal.
 */
export function createListPages(
  name: string,
  entries: readonly string[],
): ListPages | Promise<ListPages> {
  const texts = cutPages(entries);
  const [only] = texts;
  return only !== undefined && texts.length === 1
    ? new Map([[undefined, { entries: only, nextCursor: undefined }]])
    : linkPages(name, texts);
}

async function linkPages(name: string, texts: readonly string[]): Promise<ListPages> {
  const version = await sha256Hex(`${name}\n${texts.join("\n")}`);
  const later = await Promise.all(
    texts.slice(1).map((_, index) => sha256Hex(`${version} ${index}`)),
  );
  const cursors = [undefined, ...later];
  return new Map(
    texts.map((text, index) => [cursors[index], { entries: text, nextCursor: cursors[index + 1] }]),
  );
}

function cutPages(entries: readonly string[]): readonly string[] {
  const pages: string[] = [];
  let page: string[] = [];
  let chars = 0;
  for (const entry of entries) {
    if (page.length >= PAGE_ENTRIES || (page.length > 0 && chars + entry.length > PAGE_CHARS)) {
      pages.push(`[${page.join(",")}]`);
      page = [];
      chars = 0;
    }
    page.push(entry);
    chars += entry.length + 1;
  }
  return [...pages, `[${page.join(",")}]`];
}
