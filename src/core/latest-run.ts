/**
 * Runs `work` one at a time. What is asked for while it runs is done by one more run, for all who
 * asked; the promise settles when the run that saw everything up to now is over.
 */
export function latestRun(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => {
    running = work().finally(() => {
      running = undefined;
    });
    return running;
  };
  return () => {
    if (running === undefined) return start();
    next ??= running
      .catch(() => {}) // told to those who asked for it
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };
}
