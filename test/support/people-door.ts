import { env } from "cloudflare:workers";
import { createAuthenticator } from "../../src/auth/authenticate.ts";
import type { Caller, Resource } from "../../src/auth/caller.ts";
import { createKeyStore, type KeyStore } from "../../src/auth/key-store.ts";
import { asRegistry } from "../../src/config/registry-client.ts";
import { REGISTRY_NAME } from "../../src/config/registry-object.ts";
import { createSnapshotSource } from "../../src/config/snapshot.ts";
import { seeingPeople } from "../../src/http/open-webui-person.ts";
import { requireCaller } from "../../src/http/require-caller.ts";

const ORIGIN = "https://gateway.test";
export const STATIC_KEY = "static-key-of-the-tests-0123456789";

export type PeopleDoor = Readonly<{
  keys: KeyStore;
  /** Who is asking, to the surfaces behind the door. */
  ask: (
    key: string | undefined,
    headers: Readonly<Record<string, string>>,
    resource?: Resource,
  ) => Promise<Caller>;
}>;

export type DoorSettings = Readonly<{
  /** Of the Worker: where the config's `${NAME}` are looked up. */
  variables?: Readonly<Record<string, unknown>>;
  now?: () => number;
}>;

/** The door of the gateway as Open WebUI comes to it, with the memory of one isolate. */
export function createPeopleDoor({
  variables = {},
  now = Date.now,
}: DoorSettings = {}): PeopleDoor {
  const registry = () => asRegistry(env.REGISTRY.getByName(REGISTRY_NAME));
  const snapshots = createSnapshotSource(registry, now);
  const keys = createKeyStore({ registry, mirror: env.GATEWAY_KV, now });
  const known = createAuthenticator({
    snapshots,
    keys,
    staticKey: STATIC_KEY,
    validateToken: async () => null,
    now,
  });
  const authenticator = seeingPeople(known, { snapshots, variables, now });
  return {
    keys,
    ask(key, headers, resource = "v1") {
      const request = new Request(`${ORIGIN}/${resource}`, {
        headers: { authorization: `Bearer ${key}`, ...headers },
      });
      const context = { waitUntil: (work: Promise<unknown>) => void work.catch(() => {}) };
      return requireCaller({ authenticator, request, resource, origin: ORIGIN, context });
    },
  };
}
