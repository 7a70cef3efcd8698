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

/** Of a person the owner knows; see `config/user-record.ts`. */
const PERSON = /^u-[0-9a-f]{20}$/;

export function isPersonId(text: string): text is UserId {
  return PERSON.test(text);
}

export function newPersonId(): UserId {
  const hex = crypto.randomUUID().replaceAll("-", "");
  return toUserId(`u-${hex.slice(0, 20)}`);
}

/** Whoever knows the owner's password. Clients read it inside their tokens, so it says no more. */
export const OWNER_ID = toUserId("owner");
