import { DEFAULT_AUDIT } from "../../src/config/audit-config.ts";
import { NO_POLICY } from "../../src/config/policy-config.ts";
import { NO_SIGN_IN } from "../../src/config/sign-in-config.ts";
import { DEFAULT_OPENAPI } from "../../src/config/openapi-config.ts";
import { parseLlm } from "../../src/config/parse-llm.ts";
import type { SnapshotData } from "../../src/config/registry.ts";
import type { Fetch } from "../../src/core/outbound.ts";
import { createLanguageModels } from "../../src/llm/create-language-models.ts";
import type { LanguageModels, LlmContext } from "../../src/llm/language-models.ts";
import { GiveUp } from "../../src/core/call-signal.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";

/** Language models as a config and the Worker's variables name them, on a clock that stands still. */
export type TestModels = Readonly<{
  models: LanguageModels;
  context: LlmContext;
  clock: ManualClock;
  life: GiveUp;
}>;

export type TestModelsNeeds = Readonly<{
  /** The part `llm` of a config. */
  llm?: unknown;
  variables?: Readonly<Record<string, unknown>>;
  fetch?: Fetch;
  privateOrigins?: readonly string[];
}>;

export function testModels(needs: TestModelsNeeds): TestModels {
  const clock = createManualClock();
  const life = new GiveUp();
  const snapshot: SnapshotData = {
    change: 1,
    configVersion: 1,
    configAt: 0,
    config: {
      backends: [],
      allowedOrigins: [],
      llm: parseLlm(needs.llm),
      openWebui: undefined,
      openapi: DEFAULT_OPENAPI,
      policy: NO_POLICY,
      signIn: NO_SIGN_IN,
      audit: DEFAULT_AUDIT,
    },
    privateOrigins: needs.privateOrigins ?? [],
    reports: {},
    recentKeys: {},
    users: {},
  };
  const models = createLanguageModels({
    snapshots: { current: async () => snapshot },
    variables: needs.variables ?? {},
    fetch: needs.fetch ?? ((url, init) => fetch(url, init)),
    now: clock.now,
    random: () => 0,
  });
  const context = { signal: life, after: clock.after, waitUntil: () => {}, requestId: "test" };
  return { models, context, clock, life };
}

/** What was asked of a provider that is not there, and what it answers. */
export type FakeProvider = Readonly<{
  fetch: Fetch;
  asked: readonly Asked[];
}>;

export type Asked = Readonly<{
  url: string;
  method: string;
  headers: Headers;
  body: Record<string, unknown>;
}>;

/** Stands in for the network: answers in turn, the last one for ever. */
export function fakeProvider(
  ...answers: readonly (() => Response | Promise<Response>)[]
): FakeProvider {
  const asked: Asked[] = [];
  return {
    asked,
    fetch: async (url, init) => {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : {};
      asked.push({
        url,
        method: init.method ?? "GET",
        headers: new Headers(init.headers),
        body: body as Record<string, unknown>,
      });
      if (answer === undefined) throw new TypeError("nobody answers here");
      return answer();
    },
  };
}

export function listing(...ids: readonly string[]): Response {
  return Response.json({ object: "list", data: ids.map((id) => ({ id, object: "model" })) });
}

/** A whole answer that says `text`. */
export function saying(text: string): Response {
  const message = { role: "assistant", content: text, refusal: null };
  return Response.json({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "scripted-1",
    choices: [{ index: 0, message, finish_reason: "stop", logprobs: null }],
  });
}
