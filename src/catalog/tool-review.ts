import type { ListedTool } from "./listing.ts";

/**
 * `new`: not there when its backend was approved. `changed`: says something else than it did.
 * `suspicious`: there from the beginning, with a text that looks like an attempt on the model.
 */
export type ReviewKind = "new" | "changed" | "suspicious";

/** One tool of a backend that somebody has to look at. */
export type ToolReview = Readonly<{
  /** Own name; `(instructions)`: not a tool, but what the backend says about itself, as its description. */
  name: string;
  kind: ReviewKind;
  /** The definition that was approved; undefined for one that never was. */
  approved: ListedTool | undefined;
  /** What the backend says now. */
  now: ListedTool;
  /** Of `now`: a verdict names it, so that nobody approves what they have not seen. */
  hash: string;
  /** What is odd about it, as sentences without a full stop. */
  findings: readonly string[];
  /** An approved tool that has gone and is the same but for its name. */
  renamedFrom: string | undefined;
  /** Refused already: it stays hidden until it changes again. */
  refused: boolean;
  /** Epoch ms. */
  firstSeen: number;
}>;

export type ToolVerdict = Readonly<{ name: string; hash: string; verdict: "approve" | "refuse" }>;
