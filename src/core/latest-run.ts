import { SingleFlight } from "./single-flight.ts";

/** Longer than what is run here takes, which only the slowest of backends make long. */
const LIMIT_MS = 2 * 60_000;

/**
 * Runs `work` one at a time. What is asked for while it runs is done by one more run, for all who
 * asked; the promise settles when the run that saw everything up to now is over.
 */
export function latestRun(work: () => Promise<void>): () => Promise<void> {
  const flight = new SingleFlight(LIMIT_MS);
  let next: Promise<void> | undefined;
  return () => {
    if (!flight.isRunning) {
      next = undefined; // were there one, it would wait for a run that was cut off
      return flight.run(work);
    }
    next ??= flight
      .run(work) // the one that is under way
      .catch(() => {}) // told to those who asked for it
      .then(() => {
        next = undefined;
        return flight.run(work);
      });
    return next;
  };
}
