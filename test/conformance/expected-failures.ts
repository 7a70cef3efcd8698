import type { ExpectedFailure } from "./judge.ts";

/** What is accepted for now, and why: nothing. An entry that no longer fails fails the run. */
export const EXPECTED_FAILURES: readonly ExpectedFailure[] = [];
