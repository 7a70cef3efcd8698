import type { Caller } from "../auth/caller.ts";
import { loginPath } from "../backends/create-logins.ts";
import { LeaseLost } from "../backends/lease.ts";
import { isPersonal } from "../backends/login-names.ts";
import { toExposedName } from "../catalog/exposed-name.ts";
import type { BackendConfig } from "../config/gateway-config.ts";
import { GatewayError } from "../core/errors.ts";
import type { BackendName, UserId } from "../core/ids.ts";
import type { Answer, RequestId } from "../core/json-rpc.ts";
import type { Scope } from "./gateway.ts";
import type { HouseTool } from "./house-tool.ts";

/** Own name of the one tool that a backend has for those who are not logged in there. */
const LOG_IN = "log_in";
/** A page that a person has to visit first (2025-11-25, client/elicitation, URL mode). */
const URL_REQUIRED = -32042;

/** Stands for all tools of a backend in the views of those who have no login there. */
export function logInTool({ name }: BackendConfig, scope: Scope): HouseTool {
  return {
    definition: {
      name: scope.kind === "one" ? LOG_IN : toExposedName(name, LOG_IN),
      title: `Log in to ${name}`,
      description: `The user is not logged in to "${name}" yet, so its tools cannot be used. Call this to get the link at which the user logs in; its tools appear afterwards.`,
      inputSchema: { type: "object", properties: {}, additionalProperties: false },
      annotations: { readOnlyHint: true },
    },
    standsFor: { backend: name, ownName: LOG_IN },
    isIn: () => true,
    perform: async ({ caller, request, link, accountAt }) => ({
      kind: "answer",
      answer: logInAnswer(request.id, { backend: name, caller, account: accountAt(name), link }),
    }),
  };
}

/** The path of ours as an address people can open; undefined while none is known. */
export type Link = (path: string) => string | undefined;

/** The answer to a call that needs a login first, which each surface says in its own way. */
export function logInAnswer(
  id: RequestId,
  {
    backend,
    caller,
    account,
    link,
  }: Readonly<{
    backend: BackendName;
    caller: Pick<Caller, "userId">;
    account: string | undefined;
    link: Link;
  }>,
): Answer {
  const url = link(loginPath(backend, { account, forUser: standInOf(caller) }));
  const message = `Log in to "${backend}" first`;
  const where = url === undefined ? ", on the page /me/logins of this gateway" : "";
  const elicitations =
    url === undefined
      ? []
      : [{ mode: "url", message, url, elicitationId: crypto.randomUUID() } as const];
  const response = {
    jsonrpc: "2.0",
    id,
    error: {
      code: URL_REQUIRED,
      message: `${message}${where}, then call again`,
      data: { elicitations },
    },
  } as const;
  return { text: JSON.stringify(response), message: () => response };
}

/** People open a link as themselves; for a key, or somebody a client speaks for, it says for whom. */
function standInOf({ userId }: Pick<Caller, "userId">): UserId | undefined {
  return userId.startsWith("key-") || userId.startsWith("ow-") ? userId : undefined;
}

/** Whether a call failed for want of a login that its caller can make. */
export function isLoginWanted(config: BackendConfig, error: unknown): boolean {
  if (!isPersonal(config)) return false;
  if (error instanceof LeaseLost) return error.reason === "unauthorized";
  return error instanceof GatewayError && error.code === "backend_unauthorized";
}
