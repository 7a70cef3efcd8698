import type { PersonalState } from "../backends/login-stub.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject } from "../core/json.ts";
import { ourArgument, shownAccount } from "./account-argument.ts";
import type { Target } from "./find-target.ts";
import type { Personal } from "./personal-states.ts";

export type Picked = Readonly<{ target: Target; state: PersonalState }>;

/**
 * The account that a call names among its arguments, and the call without it; undefined where there
 * is nothing to choose. Throws `invalid_params` for an account that is not there.
 */
export function pickAccount(personal: Personal | undefined, target: Target): Picked | undefined {
  const accounts = personal?.accounts.get(target.backend);
  if (accounts === undefined || target.tool === undefined) return undefined;
  const name = ourArgument(target.tool.tool.inputSchema);
  const { arguments: given } = target.params;
  if (name === undefined || !isJsonObject(given) || given[name] === undefined) return undefined;
  const { [name]: asked, ...rest } = given;
  const state = accounts.find(({ account }) => shownAccount(account) === asked);
  if (state === undefined) {
    const known = accounts.map(({ account }) => `"${shownAccount(account)}"`).join(", ");
    throw new GatewayError(
      "invalid_params",
      `Cannot call "${target.label}": "${name}" is none of ${known}`,
    );
  }
  return { target: { ...target, params: { ...target.params, arguments: rest } }, state };
}
