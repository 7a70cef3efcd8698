import type { Heard } from "./llm-tools-answer.ts";

/** People read no faster, and each is an event on the wire. */
const PACE_MS = 250;
/** Of one message: the answer itself brings the whole. */
const MAX_MESSAGE = 2_000;

/** `progress` is the characters so far, so that it only ever grows. */
export type TellProgress = (progress: number, message: string) => void;

/** Tells what a model has said since the last time, a few times a second. */
export function createProgress(tell: TellProgress, now: () => number): (heard: Heard) => void {
  let toldAt = -Infinity;
  let waiting = "";
  return ({ text, characters }) => {
    waiting = (waiting + text).slice(-MAX_MESSAGE);
    const at = now();
    if (at - toldAt < PACE_MS) return;
    tell(characters, waiting === "" ? "Thinking" : waiting.toWellFormed());
    toldAt = at;
    waiting = "";
  };
}
