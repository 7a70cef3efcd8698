import type { BackendConfig } from "../config/gateway-config.ts";
import { GatewayError } from "../core/errors.ts";
import { isPersonal } from "./login-names.ts";

/** The error of a backend whose login is not there, or no longer good. */
export function loginMissing(
  config: Pick<BackendConfig, "name" | "credentials">,
  state: "missing" | "ended",
): GatewayError {
  const what = state === "ended" ? "a new login, because the last one has ended" : "a login";
  const whose = isPersonal(config) ? "" : ", which its owner makes at /admin";
  return new GatewayError(
    "backend_unauthorized",
    `Cannot connect: backend "${config.name}" needs ${what}${whose}`,
  );
}
