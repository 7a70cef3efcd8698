import type { ConformanceState } from "./conformance-state.ts";

/** A request to the client, in the words both eras share. */
export type Question = Readonly<{ method: string; params: Readonly<Record<string, unknown>> }>;
export type Answer = Readonly<Record<string, unknown>>;

export const LOG_LEVELS = [
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How a tool or prompt speaks to its client while it runs; the server puts it on the wire. */
export type Back = Readonly<{
  state: ConformanceState;
  progress: (progress: number, total: number) => Promise<void>;
  log: (text: string, level?: LogLevel) => Promise<void>;
  /**
   * Asks everything at the same time. A legacy server waits for the answers; a modern one answers
   * `input_required` and runs the tool again, so nothing before this may happen only once.
   */
  ask: <Key extends string>(questions: Record<Key, Question>) => Promise<Record<Key, Answer>>;
  capabilities: Readonly<Record<string, unknown>>;
  /** Legacy only: the person has been at the page. */
  completeUrl: (elicitationId: string) => Promise<void>;
  /** Legacy only: what the client said of its roots when the session began. */
  knownRoots: () => Promise<unknown>;
  closeStream: () => void;
  signal: AbortSignal;
}>;

/** The call cannot go on before somebody has been at a page (-32042 of 2025-11-25). */
export class PageNeeded extends Error {
  readonly page: Readonly<{ elicitationId: string; url: string; message: string }>;
  constructor(page: PageNeeded["page"]) {
    super(page.message);
    this.page = page;
  }
}

export function elicitation(
  message: string,
  properties: Readonly<Record<string, unknown>>,
  required: readonly string[] = [],
): Question {
  return {
    method: "elicitation/create",
    params: { message, requestedSchema: { type: "object", properties, required } },
  };
}

export function sampling(text: string, maxTokens = 100): Question {
  return {
    method: "sampling/createMessage",
    params: { messages: [{ role: "user", content: { type: "text", text } }], maxTokens },
  };
}

export const ROOTS: Question = { method: "roots/list", params: {} };
