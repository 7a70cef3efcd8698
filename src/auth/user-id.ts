import type { UserId } from "../core/ids.ts";

/** The colon separates the parts of an OAuth token, so no user id holds one. */
const SHAPE = /^[a-z0-9-]{1,40}$/;

export function isUserId(text: string): text is UserId {
  return SHAPE.test(text);
}

export function toUserId(text: string): UserId {
  if (!isUserId(text)) throw new TypeError(`"${text}" is not a user id`);
  return text;
}

/** Whoever knows the owner's password. Clients read it inside their tokens, so it says no more. */
export const OWNER_ID = toUserId("owner");
