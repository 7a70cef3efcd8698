import { isJsonObject } from "../core/json.ts";
import type { Answering } from "./answering.ts";
import { takeTurn } from "./approvals.ts";
import type { ChatAsk, Decision } from "./chat-ask.ts";
import { textEvent } from "./chat-event.ts";
import { putBackHidden } from "./hidden-turns.ts";
import { restoreHistory } from "./history.ts";
import { offerTools } from "./offer-tools.ts";
import type { OfferedTools } from "./offered-tools.ts";
import { type LoopDeps, ToolLoop } from "./tool-loop.ts";
import { clientTools } from "./turn-body.ts";
import { usableTools } from "./usable-tools.ts";

/** Begins to answer a chat with a language model. Throws `ProviderError` and GatewayError. */
export async function beginAnswer(ask: ChatAsk, deps: LoopDeps): Promise<Answering> {
  const { caller, limits } = ask;
  const taken = await Promise.all(
    (ask.decisions ?? []).map(async (decision) => ({
      decision,
      turn: await takeTurn(deps.slips, caller.userId, decision.code),
    })),
  );
  const gone = taken.find(({ turn }) => turn === undefined);
  if (gone !== undefined) return saying(unknownCode(gone.decision));
  const settled = taken.flatMap(({ decision, turn }) =>
    turn === undefined ? [] : [{ approve: decision.approve, turn }],
  );
  const said = Array.isArray(ask.body["messages"]) ? ask.body["messages"].filter(isJsonObject) : [];
  const shown = restoreHistory(said);
  const messages =
    limits.mixed === "execute" ? await putBackHidden(deps.slips, caller.userId, shown) : shown;
  const loop = new ToolLoop(ask, { messages, offered: await offerTo(ask, deps), settled }, deps);
  await loop.begin();
  return loop;
}

async function offerTo(ask: ChatAsk, deps: LoopDeps): Promise<OfferedTools | undefined> {
  const { caller, scope, context, body, mayOffer } = ask;
  if (scope === undefined || body["tool_choice"] === "none") return undefined;
  const tools = await usableTools(deps.gateway, caller, scope, context);
  const offered = mayOffer === undefined ? tools : tools.filter(mayOffer);
  if (offered.length === 0) return undefined;
  return offerTools({
    tools: offered,
    clientTools: clientTools(body),
    maxTools: ask.ref.provider.maxTools,
    isSearched: caller.mode === "search",
  });
}

function unknownCode({ code }: Decision): string {
  return `There is no open question with the code ${code}: it may have been answered already, or have expired. Nothing was run. Ask again for what you want to have done.`;
}

function saying(text: string): Answering {
  return {
    run: async (sink) =>
      sink([textEvent(text), { kind: "finish", reason: "stop", usage: undefined, turns: 0 }]),
    mayBeRepeated: () => true,
  };
}
