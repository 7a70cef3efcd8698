import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createAuthenticator } from "../../src/auth/authenticate.ts";
import { asRegistry } from "../../src/config/registry-client.ts";
import { REGISTRY_NAME } from "../../src/config/registry-object.ts";
import { createSnapshotSource } from "../../src/config/snapshot.ts";

const CONTEXT = { waitUntil: (work: Promise<unknown>) => void work.catch(() => {}) };

async function fail(): Promise<never> {
  throw new Error("Durable Object is overloaded");
}

/** An isolate whose objects and KV are all unreachable while `down`. */
function createIsolate(down: () => boolean) {
  return createAuthenticator({
    snapshots: createSnapshotSource(() => {
      if (down()) throw new Error("Durable Object is overloaded");
      return asRegistry(env.REGISTRY.getByName(REGISTRY_NAME));
    }, Date.now),
    keys: { find: fail },
    staticKey: "static-key-of-the-tests",
    validateToken: async () => {
      if (down()) return fail();
      return null;
    },
    now: Date.now,
  });
}

function bearer(token: string): Request {
  return new Request("https://gateway.test/mcp", { headers: { authorization: `Bearer ${token}` } });
}

test("answers unavailable while storage is, and neither lets in nor refuses for good", async () => {
  let down = true;
  const isolate = createIsolate(() => down);
  const ask = (token: string) =>
    isolate.authenticate(bearer(token), "mcp", "https://gateway.test", CONTEXT);
  for (const token of ["owner:grant:secret", `mgw_${"A".repeat(43)}`]) {
    await expect(ask(token)).rejects.toMatchObject({ code: "unavailable", retryAfter: 5 });
  }
  down = false;
  await expect(ask("owner:grant:secret")).rejects.toMatchObject({ code: "unauthorized" });
});

test("takes the static key without any storage", async () => {
  const isolate = createIsolate(() => true);
  const caller = await isolate.authenticate(
    bearer("static-key-of-the-tests"),
    "v1",
    "https://gateway.test",
    CONTEXT,
  );
  expect(caller.kind).toBe("static-key");
  expect(isolate.known("static-key-of-the-tests", "mcp", "https://gateway.test")).toBe(caller);
});

test("knows nobody it has not asked about", () => {
  const isolate = createIsolate(() => false);
  expect(isolate.known("static-key-of-the-tests", "mcp", "https://gateway.test")).toBeUndefined();
});
