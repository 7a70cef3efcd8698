import type { Authenticator } from "../auth/authenticate.ts";
import type { Caller } from "../auth/caller.ts";
import { GatewayError } from "../core/errors.ts";
import { knownCaller, requireCaller } from "../http/require-caller.ts";

export type RestQuestion = Readonly<{
  authenticator: Authenticator;
  request: Request;
  origin: string;
  context: Readonly<{ waitUntil: (work: Promise<unknown>) => void }>;
}>;

/** Who is asking, by an API key. Throws `unauthorized`, `forbidden` and `unavailable`. */
export async function restCaller(question: RestQuestion): Promise<Caller> {
  const asked = { ...question, resource: "v1" } as const;
  const caller = knownCaller(asked) ?? (await requireCaller(asked));
  // A token was asked for by name of another resource (RFC 8707); REST is none.
  if (caller.kind !== "oauth") return caller;
  throw new GatewayError("forbidden", "Cannot answer: REST takes API keys, not OAuth tokens");
}
