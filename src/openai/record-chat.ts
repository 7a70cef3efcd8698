import type { Answering } from "../chat/answering.ts";
import { GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { ModelRef } from "../llm/language-models.ts";
import type { AuditEvent, AuditOutcome } from "../telemetry/audit-event.ts";
import type { OpenChat } from "./open-chat.ts";

/** Tells the audit how a chat ended; said once. */
export type ChatRecord = (
  ended: Readonly<{ error?: unknown; usage?: JsonObject | undefined }>,
) => void;

/** Begins the time of a chat with a language model. */
export function openRecord({ call, context, life }: OpenChat, ref: ModelRef): ChatRecord {
  const started = call.now();
  const { caller, audit } = call;
  let isOver = false;
  return ({ error, usage }) => {
    if (isOver) return;
    isOver = true;
    const outcome = life.aborted ? "cancelled" : outcomeOf(error);
    audit.record(
      {
        kind: "chat",
        at: started,
        requestId: context.requestId,
        userId: caller.userId,
        credentialId: caller.credentialId,
        client: caller.client?.name,
        surface: "openai",
        method: "",
        backend: ref.provider.name,
        target: ref.model,
        outcome,
        code: error instanceof GatewayError ? error.code : undefined,
        ms: call.now() - started,
        tokens: tokensOf(usage),
      },
      context,
    );
  };
}

/** The same answer, recorded when it has been told or has failed. */
export async function recordedAnswer(
  begun: Promise<Answering>,
  record: ChatRecord,
): Promise<Answering> {
  let answering: Answering;
  try {
    answering = await begun;
  } catch (error) {
    record({ error });
    throw error;
  }
  return {
    mayBeRepeated: () => answering.mayBeRepeated(),
    async run(sink) {
      let usage: JsonObject | undefined;
      try {
        await answering.run((events) => {
          for (const event of events) if (event.kind === "finish") ({ usage } = event);
          return sink(events);
        });
        record({ usage });
      } catch (error) {
        record({ error, usage });
        throw error;
      }
    },
  };
}

function outcomeOf(error: unknown): AuditOutcome {
  if (error === undefined) return "ok";
  return error instanceof GatewayError && error.code === "cancelled" ? "cancelled" : "failed";
}

/** As OpenAI names them; a provider that does not count is not counted. */
function tokensOf(usage: JsonObject | undefined): AuditEvent["tokens"] {
  const { prompt_tokens: input, completion_tokens: output } = usage ?? {};
  if (typeof input !== "number" && typeof output !== "number") return undefined;
  return { input: countOf(input), output: countOf(output) };
}

function countOf(value: unknown): number {
  return typeof value === "number" && value >= 0 && value < Number.MAX_SAFE_INTEGER ? value : 0;
}
