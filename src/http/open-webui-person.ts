import type { Authenticator } from "../auth/authenticate.ts";
import { readBearer } from "../auth/bearer.ts";
import type { Caller } from "../auth/caller.ts";
import type { Person } from "../auth/person.ts";
import { asPersonCaller } from "../auth/person-caller.ts";
import type { OpenWebuiConfig } from "../config/open-webui-config.ts";
import { secretsIn } from "../config/secrets.ts";
import type { SnapshotSource } from "../config/snapshot.ts";
import { GatewayError } from "../core/errors.ts";
import { personInHeaders } from "./open-webui-headers.ts";
import { personInToken, TOKEN_HEADER } from "./open-webui-token.ts";

export type PeopleNeeds = Readonly<{
  snapshots: SnapshotSource;
  /** The Worker's environment: where `${NAME}` of the token's secret is. */
  variables: Readonly<Record<string, unknown>>;
  now: () => number;
}>;

/** What holds where the config says nothing: no token can be checked, and no rule limits anyone. */
const NOTHING_SAID: OpenWebuiConfig = {
  jwtSecret: undefined,
  issuer: "open-webui",
  required: false,
  rules: [],
};

/**
 * An authenticator that sees through Open WebUI, which has one key for all its people: with a key
 * marked for it, each person is a caller of their own. From everyone else those headers are text.
 */
export function seeingPeople(authenticator: Authenticator, needs: PeopleNeeds): Authenticator {
  const { snapshots, now } = needs;
  const secrets = secretsIn(needs.variables);

  async function personOf(request: Request, config: OpenWebuiConfig, caller: Caller) {
    if (caller.openWebui === "headers") return personInHeaders(request.headers);
    const token = request.headers.get(TOKEN_HEADER)?.trim() ?? "";
    if (token === "") return undefined;
    return personInToken(token, { config, secrets, now: now() });
  }

  return {
    known(token, resource, origin) {
      const caller = authenticator.known(token, resource, origin);
      // Who it is stands in the request, which is not asked for here.
      return caller?.openWebui === undefined ? caller : undefined;
    },
    async authenticate(request, resource, origin, context) {
      const token = readBearer(request);
      const known = token === undefined ? undefined : authenticator.known(token, resource, origin);
      const caller =
        known?.openWebui === undefined
          ? await authenticator.authenticate(request, resource, origin, context)
          : known;
      if (caller.openWebui === undefined) return caller;
      const { config } = await snapshots.current(context).catch(toOutage);
      const openWebui = config.openWebui ?? NOTHING_SAID;
      const person: Person | undefined = await personOf(request, openWebui, caller);
      if (person !== undefined) return asPersonCaller(caller, person, openWebui);
      if (!openWebui.required) return caller;
      throw new GatewayError(
        "unauthorized",
        "Cannot answer: this key acts only for people of Open WebUI, and the request names none",
      );
    },
  };
}

/** Not knowing whose word counts is neither yes nor no. */
function toOutage(error: unknown): never {
  throw new GatewayError("unavailable", "Cannot check who is asking: storage is not reachable", {
    cause: error,
    detail: error instanceof Error ? error.message : String(error),
  });
}
