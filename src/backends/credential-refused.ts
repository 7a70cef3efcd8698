import { GatewayError } from "../core/errors.ts";
import type { Blame } from "../core/outbound.ts";

/** A handshake that was answered with HTTP 401. */
export class CredentialRefused extends GatewayError {
  /** The backend says where one signs in (RFC 9728): a login may help. */
  readonly wantsLogin: boolean;

  constructor({ action, backend }: Blame, wantsLogin: boolean) {
    super(
      "backend_unauthorized",
      `Cannot ${action}: backend "${backend}" refused the credential (HTTP 401)`,
    );
    this.wantsLogin = wantsLogin;
  }
}
