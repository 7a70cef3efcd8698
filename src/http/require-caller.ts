import type { Authenticator } from "../auth/authenticate.ts";
import { readBearer } from "../auth/bearer.ts";
import type { Caller, Resource } from "../auth/caller.ts";

export type CallerQuestion = Readonly<{
  authenticator: Authenticator;
  request: Request;
  resource: Resource;
  /** The own origin the request came to. */
  origin: string;
  context: Readonly<{ waitUntil: (work: Promise<unknown>) => void }>;
}>;

/**
 * Who is asking. Throws `unauthorized`, `forbidden` (a token without the scope) and `unavailable`;
 * `challengeHeaders` says the rest of a refusal.
 */
export async function requireCaller(question: CallerQuestion): Promise<Caller> {
  const { authenticator, request, resource, origin, context } = question;
  return knownCaller(question) ?? authenticator.authenticate(request, resource, origin, context);
}

/** The caller this isolate knows already, without waiting; undefined means: ask `requireCaller`. */
export function knownCaller({
  authenticator,
  request,
  resource,
  origin,
}: CallerQuestion): Caller | undefined {
  const token = readBearer(request);
  return token === undefined ? undefined : authenticator.known(token, resource, origin);
}
