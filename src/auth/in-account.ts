import type { Caller } from "./caller.ts";
import type { ChosenAccount } from "./chosen-account.ts";

/** The caller as they come by an address that names an account; with views of their own. */
export function inAccount(caller: Caller, account: ChosenAccount | undefined): Caller {
  if (account === undefined) return caller;
  const policyId = `${caller.policyId}+${account.backend}:${account.name}`;
  return { ...caller, account, policyId };
}
