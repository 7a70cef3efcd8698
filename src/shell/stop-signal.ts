/** npm passes a signal on to its shell, which ends without telling us. */
const PARENT_CHECK_MS = 500;

export type Stopping = Readonly<{
  requested: boolean;
  promise: Promise<void>;
  /** The work's result, or undefined when we are to stop before it is there. */
  orUntil: <T>(work: Promise<T>) => Promise<T | undefined>;
}>;

/** The first signal asks for a stop in order, the second one gets it at once. */
export function listenForStop(): Stopping {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stopping = {
    requested: false,
    promise,
    orUntil: <T>(work: Promise<T>): Promise<T | undefined> =>
      Promise.race([work, promise.then(() => undefined)]),
  };
  function stop(): void {
    stopping.requested = true;
    resolve();
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stopping.requested) process.exit(0);
      stop();
    });
  }
  if (process.env["npm_lifecycle_event"] !== undefined) {
    const parent = process.ppid;
    const check = setInterval(() => {
      if (process.ppid !== parent) stop();
    }, PARENT_CHECK_MS);
    check.unref();
  }
  return stopping;
}
