import { GatewayError } from "../core/errors.ts";
import { showInvisible } from "./invisible-text.ts";
import type { ListedTool } from "./listing.ts";
import type { ToolReview, ToolVerdict } from "./tool-review.ts";

/** A definition that was approved. */
export type Pin = Readonly<{
  name: string;
  hash: string;
  /** Undefined: there was no room for it, its hash is known alone. */
  tool: ListedTool | undefined;
}>;

/** What was decided on the tools of one backend, and what is still to be. */
export type TrustBook = Readonly<{
  /** The first listing was taken as it was; what comes later is new. */
  begun: boolean;
  /** Oldest first. Also of tools that are gone: they may come back as they were. */
  pins: readonly Pin[];
  /** Oldest first. */
  refused: readonly Readonly<{ name: string; hash: string }>[];
  reviews: readonly ToolReview[];
  /** Reviews there was no room for; their tools are kept back all the same. */
  more: number;
}>;

export const EMPTY_BOOK: TrustBook = { begun: false, pins: [], refused: [], reviews: [], more: 0 };

/**
 * Backends that list one person's tools list variants of them: by what that person may do. More than
 * this is not one tool.
 */
const MAX_VARIANTS = 20;
/** A backend has 5,000 tools at most; the rest are tools that are gone, and variants. */
const MAX_PINS = 10_000;
/** Refused and gone, refused and changed: after these it waits again, which hides it just so. */
const MAX_REFUSED = 2_000;
/** Definitions of pins, and those of reviews: an object of 128 MB holds both with the listing. */
const MAX_CHARS = 5_000_000;
/** What a person can look at, and more. */
const MAX_REVIEWS = 2_000;

/** The verdicts, all of them. Throws `conflict` when one names what does not wait as it says. */
export function decideTools(
  book: TrustBook,
  verdicts: readonly ToolVerdict[],
  { variants }: Readonly<{ variants: boolean }>,
): TrustBook {
  return verdicts.reduce((before, { name, hash, verdict }): TrustBook => {
    const review = before.reviews.find((one) => one.name === name && one.hash === hash);
    if (review === undefined) throw notWaiting(name);
    const others = before.refused.filter((one) => one.name !== name || one.hash !== hash);
    if (verdict === "refuse") {
      return {
        ...before,
        refused: [...others, { name, hash }].slice(-MAX_REFUSED),
        reviews: before.reviews.map((one) => (one === review ? { ...one, refused: true } : one)),
      };
    }
    const earlier = before.pins.filter((pin) => pin.name === name).slice(1 - MAX_VARIANTS);
    return {
      ...before,
      pins: [
        ...before.pins.filter((pin) => pin.name !== name),
        ...(variants ? earlier : []),
        { name, hash, tool: review.now },
      ],
      refused: others,
      reviews: before.reviews.filter((one) => one !== review),
    };
  }, book);
}

/** The same within its bounds; of what is dropped nothing is served that was not before. */
export function boundedBook(book: TrustBook): TrustBook {
  const fits = createBudget();
  const pins = book.pins
    .slice(-MAX_PINS)
    .map((pin) => (pin.tool === undefined || fits(pin.tool) ? pin : { ...pin, tool: undefined }));
  const hasRoom = createBudget();
  const reviews = book.reviews
    .slice(0, MAX_REVIEWS)
    .filter(({ approved, now }) => hasRoom(now) && (approved === undefined || hasRoom(approved)));
  return { ...book, pins, reviews, more: book.more + book.reviews.length - reviews.length };
}

function createBudget(): (tool: ListedTool) => boolean {
  let left = MAX_CHARS;
  return (tool) => {
    left -= JSON.stringify(tool).length;
    return left >= 0;
  };
}

function notWaiting(name: string): GatewayError {
  const shown = showInvisible(name.slice(0, 100));
  return new GatewayError(
    "conflict",
    `Cannot decide on tool "${shown}": what was looked at does not wait, or has changed meanwhile`,
  );
}
