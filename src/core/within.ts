import type { After } from "./patience.ts";

/**
 * What `work` comes to, or undefined when it fails or takes longer than `ms`; never rejects. For what
 * goes on or is tried again anyway, so that only the waiting needs an end.
 */
export function within<Value>(
  ms: number,
  work: Promise<Value>,
  after: After,
): Promise<Value | undefined> {
  return new Promise((resolve) => {
    const callOff = after(ms, () => resolve(undefined));
    const settle = (value: Value | undefined): void => {
      callOff();
      resolve(value);
    };
    work.then(settle, () => settle(undefined));
  });
}
