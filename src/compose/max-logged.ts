/** A stack, without what would fill a log. */
export const MAX_LOGGED = 4_000;
