import type { ExpectedFailure } from "./judge.ts";

const LEGACY = ["2025-11-25"] as const;
const MODERN = ["2026-07-28"] as const;
/** What connectors bring: a pipe, whatever it speaks. */
const LOCAL = ["gateway-local", "gateway-local-modern"];

/**
 * What a revision can say and a wire of another one cannot: whoever stands in front of such a
 * backend has nothing to pass on. An entry that nothing fails for fails the run.
 */
export const WIRE_LIMITS: readonly ExpectedFailure[] = [
  {
    targets: ["gateway-modern", "gateway-sse", ...LOCAL],
    revisions: LEGACY,
    scenario: "server-sse-polling",
    reason: "only on the wire of 2025-11-25 can a tool close its stream and be polled",
  },

  // Both are allowed (2025-11-25, basic/transports): a list that is known needs no stream.
  {
    targets: ["gateway-session", "gateway-modern", "gateway-sse", ...LOCAL],
    revisions: LEGACY,
    scenario: "server-sse-multiple-streams",
    check: "server-sse-streams-functional",
    reason: "the gateway answers tools/list with JSON, so there is no stream to look at",
  },

  // "user_name", by which the suite looks for a question and answers one that was never asked.
  ...["input-required-result-basic-elicitation", "input-required-result-ignore-extra-params"].map(
    (scenario): ExpectedFailure => ({
      targets: ["gateway-session", "gateway-sse", "gateway-local"],
      revisions: MODERN,
      scenario,
      reason: "a question of 2025-11-25 has a number, not a name",
    }),
  ),

  {
    targets: ["gateway-json", "gateway-session", "gateway-sse", "gateway-local"],
    revisions: MODERN,
    scenario: "tasks-*",
    reason: "2025-11-25 has no tasks of this kind, so the tools behind it make none",
  },

  {
    targets: ["gateway-local"],
    revisions: MODERN,
    scenario: "input-required-result-capability-check",
    reason: "one process has one session, which cannot be told what each client is able to do",
  },

  // One answer per request, and nothing else ever.
  ...["input-required-result-*", "tools-call-with-progress"].map((scenario): ExpectedFailure => ({
    targets: ["gateway-json"],
    revisions: MODERN,
    scenario,
    reason: "a backend without sessions that answers JSON cannot ask or report",
  })),
  ...[
    "sep-2575-missing-capability-http-400",
    "sep-2575-server-rejects-undeclared-capability",
    "sep-2575-http-server-no-independent-requests-on-stream",
    "sep-2575-server-sends-prompts-list-changed-on-subscription",
    "sep-2575-server-sends-tools-list-changed-on-subscription",
  ].map((check): ExpectedFailure => ({
    targets: ["gateway-json"],
    revisions: MODERN,
    scenario: "server-stateless",
    check,
    reason: "a backend without sessions that answers JSON cannot ask or notify",
  })),
];
