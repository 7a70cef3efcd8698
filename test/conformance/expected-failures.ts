import type { ExpectedFailure } from "./judge.ts";

const ASKING = ["gateway-session", "gateway-modern", "gateway-sse"];
const GATEWAY = ["gateway-json", ...ASKING];
const LEGACY = ["2025-11-25"] as const;
const MODERN = ["2026-07-28"] as const;

function each(
  scenarios: readonly string[],
  rest: Omit<ExpectedFailure, "scenario">,
): readonly ExpectedFailure[] {
  return scenarios.map((scenario) => ({ scenario, ...rest }));
}

function eachCheck(
  scenario: string,
  checks: readonly string[],
  rest: Omit<ExpectedFailure, "scenario" | "check">,
): readonly ExpectedFailure[] {
  return checks.map((check) => ({ scenario, check, ...rest }));
}

/** What is accepted for now, and why. An entry that no longer fails fails the run. */
export const EXPECTED_FAILURES: readonly ExpectedFailure[] = [
  ...each(["resources-subscribe", "resources-unsubscribe", "server-sse-multiple-streams"], {
    targets: ASKING,
    revisions: LEGACY,
    reason: "no subscriptions and no GET stream yet",
  }),
  ...eachCheck(
    "server-stateless",
    [
      "sep-2575-server-sends-subscription-ack",
      "sep-2575-server-tags-subscription-id",
      "sep-2575-server-honors-notification-filter",
    ],
    { targets: GATEWAY, revisions: MODERN, reason: "no subscriptions/listen yet" },
  ),
  ...eachCheck(
    "server-stateless",
    [
      "sep-2575-server-sends-prompts-list-changed-on-subscription",
      "sep-2575-server-sends-tools-list-changed-on-subscription",
    ],
    { targets: ASKING, revisions: MODERN, reason: "no subscriptions/listen yet" },
  ),
  ...eachCheck(
    "server-stateless",
    ["sep-2575-missing-capability-http-400", "sep-2575-server-rejects-undeclared-capability"],
    {
      targets: ["gateway-session", "gateway-sse"],
      revisions: MODERN,
      reason: "a legacy backend that asks what the client cannot answer is refused, not the client",
    },
  ),
  {
    targets: ["gateway-modern"],
    revisions: MODERN,
    scenario: "tasks-*",
    reason: "tasks of a backend are not passed on yet",
  },
  {
    targets: ["client"],
    revisions: LEGACY,
    scenario: "elicitation-sep1034-client-defaults",
    reason: "questions outside of a call's own stream are not heard yet",
  },
  {
    targets: ["client"],
    revisions: MODERN,
    scenario: "request-metadata",
    reason: "a backend that refuses a version it speaks is taken for a legacy one",
  },
];
