import { createAuthenticator } from "../auth/authenticate.ts";
import { createClientStore } from "../auth/client-store.ts";
import { endingKeys } from "../auth/ending-keys.ts";
import { createKeyStore } from "../auth/key-store.ts";
import { createOAuthServers, type OAuthRefusal } from "../auth/oauth-server.ts";
import { createOwnerCheck } from "../auth/owner.ts";
import {
  recordingConfig,
  recordingGrants,
  recordingKeys,
  recordingSessions,
  recordingUsers,
} from "../auth/recorded-changes.ts";
import { createStrongKv } from "../auth/strong-kv.ts";
import { createTokenValidator } from "../auth/token-validator.ts";
import { OWNER_ID } from "../auth/user-id.ts";
import { createUserStore } from "../auth/user-store.ts";
import { createWebSessions } from "../auth/web-session.ts";
import { createInvitations } from "../auth/invitations.ts";
import { createProviderSignIn } from "../auth/provider-sign-in.ts";
import { createPasswordSignIn } from "../auth/password-sign-in.ts";
import { type Cleanup, createRemovePerson } from "../auth/remove-person.ts";
import { createLogins } from "../backends/create-logins.ts";
import { recordingLogins } from "../backends/recorded-logins.ts";
import { wayOut } from "../core/way-out.ts";
import { announcing, asRegistry } from "../config/registry-client.ts";
import { REGISTRY_NAME } from "../config/registry-object.ts";
import type { UserId } from "../core/ids.ts";
import { redactText } from "../core/redact.ts";
import { createSeal } from "../core/seal.ts";
import { seeingPeople } from "../http/open-webui-person.ts";
import { createOwnOrigin, requireOwnOrigin } from "../http/own-origin.ts";
import { createRecordEvent } from "../telemetry/audit-trail.ts";
import type { Middle } from "./create-middle.ts";
import type { Env } from "./environment.ts";
import { MAX_LOGGED } from "./max-logged.ts";

/**
 * Who is asking, and all that is kept of people: keys, grants, sessions, logins. Once per isolate.
 */
export function createIdentity(
  env: Env,
  { log, snapshots, audit }: Pick<Middle, "log" | "snapshots" | "audit">,
  waitUntil: (work: Promise<unknown>) => void,
) {
  const now = Date.now;
  const ownOrigin = createOwnOrigin({ publicUrl: env.PUBLIC_URL });
  const registry = () => asRegistry(env.REGISTRY.getByName(REGISTRY_NAME));
  const recordEvent = createRecordEvent(audit, { waitUntil, now });
  const ownerRegistry = () =>
    recordingConfig(announcing(registry(), snapshots.expire), recordEvent);

  const logRefusal = ({ code, status, reason }: OAuthRefusal): void =>
    log.info("oauth refusal", { code, status, reason });
  const servers = createOAuthServers(logRefusal);
  const oauthEnv = {
    OAUTH_KV: createStrongKv({
      grants: (name) => env.GRANTS.getByName(name),
      clients: createClientStore(env.GATEWAY_KV, registry, now),
      now,
    }),
  };
  const owner = createOwnerCheck({
    password: env.OWNER_PASSWORD,
    registry,
    onWrong: () => recordEvent({ kind: "sign_in_failed", userId: OWNER_ID, outcome: "failed" }),
    now,
  });
  const onLeftover = (user: UserId, error: unknown): void =>
    log.warn("left behind of a user who is gone", {
      user,
      detail: redactText(String(error), MAX_LOGGED),
    });
  const keys = endingKeys(
    recordingKeys(
      createKeyStore({ registry: ownerRegistry, mirror: env.GATEWAY_KV, now }),
      recordEvent,
    ),
    { cleanup: (user) => logins.forgetAll(user), onLeftover },
  );
  const authenticator = seeingPeople(
    createAuthenticator({
      snapshots,
      keys,
      staticKey: env.GATEWAY_API_KEY,
      loopbackKey: env.LOOPBACK_API_KEY,
      validateToken: createTokenValidator((user) => env.GRANTS.getByName(user)),
      now,
    }),
    { snapshots, variables: env, now },
  );

  const users = recordingUsers(createUserStore({ registry: ownerRegistry, now }), recordEvent);
  const passwords = createPasswordSignIn({
    users,
    registry,
    onWrong: (userId) =>
      recordEvent({ kind: "sign_in_failed", userId: userId ?? "", outcome: "failed" }),
  });
  const invitations = createInvitations({ users, now });
  const providers = createProviderSignIn({
    users,
    invitations,
    snapshots,
    registry,
    variables: { ...env },
    encryptionKey: env.ENCRYPTION_KEY,
    fetch: wayOut(env),
    onRefusal: (refusal) => {
      log.warn("sign-in refused", refusal);
      const { provider: target } = refusal;
      recordEvent({ kind: "sign_in_failed", userId: "", target, outcome: "failed" });
    },
    now,
  });
  /** Of what is kept of a person besides keys and grants. */
  const cleanups: readonly Cleanup[] = [(user) => logins.forgetAll(user)];
  const removePerson = createRemovePerson({
    users,
    keys,
    grants: (user) => env.GRANTS.getByName(user),
    cleanups,
    onLeftover,
  });
  const sessions = recordingSessions(
    createWebSessions({
      room: (user) => env.GRANTS.getByName(user),
      snapshots,
      originOf: (request) => requireOwnOrigin(ownOrigin, request),
      now,
    }),
    recordEvent,
  );
  const logins = recordingLogins(
    createLogins({
      room: (user) => env.LOGINS.getByName(user),
      snapshots,
      states: createSeal(env.ENCRYPTION_KEY, "login-state"),
      waitUntil,
    }),
    recordEvent,
  );
  const grantsAt = (origin: string) =>
    recordingGrants(servers(origin).getOAuthApi(oauthEnv), recordEvent);

  return {
    ownOrigin,
    registry,
    recordEvent,
    ownerRegistry,
    logRefusal,
    servers,
    oauthEnv,
    owner,
    keys,
    authenticator,
    users,
    passwords,
    invitations,
    providers,
    removePerson,
    sessions,
    logins,
    grantsAt,
  };
}

export type Identity = ReturnType<typeof createIdentity>;
