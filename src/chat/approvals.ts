import * as z from "zod";
import type { UserId } from "../core/ids.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Slips } from "../core/slips.ts";
import type { VisibleTool } from "../gateway/gateway.ts";
import type { ReadCall } from "./read-call.ts";

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
  calls: readonly HeldCall[];
}>;

export type HeldCall = Readonly<z.infer<typeof heldCall>>;

const heldCall = z.object({
  id: z.string(),
  name: z.string(),
  argumentText: z.string(),
  /** What the name meant; nothing, where the call was one of none of our tools. */
  tool: z.object({ backend: z.string(), ownName: z.string() }).optional(),
  /** Whether the person saw it; what only reads is not asked for. */
  isShown: z.boolean(),
});

const heldTurn = z.object({
  assistant: z.custom<JsonObject>(isJsonObject),
  calls: z.array(heldCall),
});

/** A call as the person is asked about it. */
export function asHeldCall(
  read: ReadCall,
  needsApproval: (tool: VisibleTool) => boolean,
): HeldCall {
  const { id, name, argumentText } = read.call;
  if (read.kind !== "run") return { id, name, argumentText, isShown: false };
  const { backend, ownName } = read.run.tool;
  const isShown = needsApproval(read.run.tool);
  return { id, name, argumentText, tool: { backend, ownName }, isShown };
}

/**
 * Whether a call that may run is still the one that was asked about. Names are given anew in every
 * request, by its model and its tools: without this, a word said about one tool would run another.
 */
export function isStillMeant(
  { tool, isShown }: HeldCall,
  now: VisibleTool,
  needsApproval: (tool: VisibleTool) => boolean,
): boolean {
  return (
    tool?.backend === now.backend &&
    tool.ownName === now.ownName &&
    (isShown || !needsApproval(now))
  );
}

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

const MAX_WORD = 200;
const WORD = /^[\s`"'*]*(?<word>approve|deny)\s+[`"'*]?(?<code>[A-Za-z0-9]{8})[\s`"'*.!]*$/i;

/** `approve CODE` or `deny CODE`, which a person typed as a whole message. */
export function readDecision(said: string): { code: string; approve: boolean } | undefined {
  const found = said.length > MAX_WORD ? undefined : WORD.exec(said)?.groups;
  if (found === undefined) return undefined;
  return {
    code: (found["code"] ?? "").toUpperCase(),
    approve: found["word"]?.toLowerCase() === "approve",
  };
}

const OFFERED = /`(?<word>approve|deny) [A-Z2-9]{8}`/g;

/**
 * A question as the model may read it. With a code that is still good it could make the person
 * say yes to something else, in a sentence of its own.
 */
export function withoutCodes(text: string): string {
  return text.includes("`approve ") ? text.replaceAll(OFFERED, "`$<word> …`") : text;
}

function makeCode(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(CODE_LENGTH));
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length] ?? "A").join("");
}

function slipName(code: string): string {
  return `approval:${code}`;
}
