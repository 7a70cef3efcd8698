import { GatewayError } from "../core/errors.ts";
import type { Slips } from "../core/slips.ts";
import type { CallerStub } from "./caller-stub.ts";
import { MAX_SLIPS } from "./slip-store.ts";

/** A row may not exceed 2 MB, and a character escaped in JSON takes six bytes. */
const MAX_TEXT_CHARACTERS = 256 * 1_024;

type SlipKeeper = Pick<CallerStub, "putSlip" | "takeSlip" | "readSlips">;

/** Slips in the object of their user: what belongs to somebody else is simply not there. */
export function createSlips(callers: (userId: string) => SlipKeeper): Slips {
  return {
    put: async (userId, slip) => {
      if (slip.text.length > MAX_TEXT_CHARACTERS) {
        throw new GatewayError(
          "too_large",
          `Cannot remember this: ${slip.text.length} characters, at most ${MAX_TEXT_CHARACTERS}`,
        );
      }
      await callers(userId).putSlip(slip);
    },
    take: (userId, name) => callers(userId).takeSlip(name),
    read: async (userId, names) => {
      // More than there can be are not looked for; what a chat said last stands at its end.
      const wanted = [...new Set(names)].slice(-MAX_SLIPS);
      return wanted.length === 0 ? new Map() : await callers(userId).readSlips(wanted);
    },
  };
}
