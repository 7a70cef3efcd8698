import type { Caller } from "../auth/caller.ts";
import { listingIn, listingPlainly } from "../auth/list-mode.ts";
import { ALL, type CallContext, type Gateway } from "../gateway/gateway.ts";

/**
 * Of JSON schemas and English, for the tokenizers of today's models: between 3.5 and 4.5. Counting
 * exactly would take each model's own vocabulary, several megabytes for a number nobody needs exact.
 */
const CHARACTERS_PER_TOKEN = 4;

/** What the caller's list of tools costs a model before anything is asked, about. */
export type ToolListSize = Readonly<{
  method: string;
  /** In the caller's own mode. */
  mode: "plain" | "search";
  plain: ListSize;
  search: ListSize;
}>;

type ListSize = Readonly<{ tools: number; characters: number; tokens: number }>;

export async function measureToolList(
  gateway: Gateway,
  caller: Caller,
  context: CallContext,
): Promise<ToolListSize> {
  const plainly = caller.mode === undefined ? caller : listingPlainly(caller);
  const [plain, search] = await Promise.all([
    sizeOf(gateway, plainly, context),
    sizeOf(gateway, listingIn(caller, "search"), context),
  ]);
  return {
    method: `estimate: ${CHARACTERS_PER_TOKEN} characters of tools/list are a token`,
    mode: caller.mode ?? "plain",
    plain,
    search,
  };
}

async function sizeOf(gateway: Gateway, caller: Caller, context: CallContext): Promise<ListSize> {
  const text = await gateway.listText(caller, ALL, "tools", context);
  const listed: unknown = JSON.parse(text);
  return {
    tools: Array.isArray(listed) ? listed.length : 0,
    characters: text.length,
    tokens: Math.ceil(text.length / CHARACTERS_PER_TOKEN),
  };
}
