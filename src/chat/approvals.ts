import * as z from "zod";
import type { UserId } from "../core/ids.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Slips } from "../core/slips.ts";

/** Long enough to read what would be done, short enough that the world has not changed. */
const LIFE_MS = 15 * 60 * 1_000;
/** No letters that look like digits, because people type it. */
const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const CODE_LENGTH = 8;

/** A turn whose calls wait for a person's word: nothing of it has run. */
export type HeldTurn = Readonly<{
  /** The model's own message, with its calls. */
  assistant: JsonObject;
  /** The calls, in their order. */
  calls: readonly Readonly<{ id: string; name: string; argumentText: string }>[];
}>;

const heldTurn = z.object({
  assistant: z.custom<JsonObject>(isJsonObject),
  calls: z.array(z.object({ id: z.string(), name: z.string(), argumentText: z.string() })),
});

export const APPROVAL_SECONDS = LIFE_MS / 1_000;

/** Keeps the turn under a fresh code; the calls can only be run as they stand here. */
export async function holdTurn(slips: Slips, userId: UserId, turn: HeldTurn): Promise<string> {
  const code = makeCode();
  await slips.put(userId, { name: slipName(code), text: JSON.stringify(turn), lifeMs: LIFE_MS });
  return code;
}

/** The turn behind a code, once; undefined when it is unknown, of somebody else, used or over. */
export async function takeTurn(
  slips: Slips,
  userId: UserId,
  code: string,
): Promise<HeldTurn | undefined> {
  const text = await slips.take(userId, slipName(code));
  return text === undefined ? undefined : heldTurn.parse(JSON.parse(text));
}

const WORD = /^[\s`"'*]*(?<word>approve|deny)\s+[`"'*]?(?<code>[A-Za-z0-9]{8})[\s`"'*.!]*$/i;

/** `approve CODE` or `deny CODE`, which a person typed as a whole message. */
export function readDecision(said: string): { code: string; approve: boolean } | undefined {
  const found = WORD.exec(said.slice(0, 200))?.groups;
  if (found === undefined) return undefined;
  return {
    code: (found["code"] ?? "").toUpperCase(),
    approve: found["word"]?.toLowerCase() === "approve",
  };
}

function makeCode(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(CODE_LENGTH));
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length] ?? "A").join("");
}

function slipName(code: string): string {
  return `approval:${code}`;
}
