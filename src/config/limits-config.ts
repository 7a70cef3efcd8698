import * as z from "zod";
import { readStrict } from "./strict-part.ts";

/** Far above what a person or a backend needs; more is a slip of the keyboard. */
const MAX = { concurrent: 1_000, perMinute: 100_000, perDay: 10_000_000 } as const;

const limit = (max: number) => z.int().min(1).max(max).optional();

export const limitsSchema = z.strictObject({
  /** Calls under way at once. */
  concurrent: limit(MAX.concurrent),
  perMinute: limit(MAX.perMinute),
  /** From midnight to midnight, UTC. */
  perDay: limit(MAX.perDay),
});

/** How much somebody may ask of us, or all of us of a backend. What is not named has no bound. */
export type Limits = Readonly<z.infer<typeof limitsSchema>>;

/** Limits in a config, at `path`. Throws `config_invalid`. */
export function parseLimits(path: string, given: unknown): Limits {
  const part = readStrict(path, given, ["concurrent", "perMinute", "perDay"]);
  const read = (key: keyof Limits): Limits => {
    const value = part.number(key, { min: 1, max: MAX[key], whole: true });
    return value === undefined ? {} : { [key]: value };
  };
  return { ...read("concurrent"), ...read("perMinute"), ...read("perDay") };
}
