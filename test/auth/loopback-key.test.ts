import { expect, test } from "vitest";
import { createAuthenticator } from "../../src/auth/authenticate.ts";
import { createSnapshotSource } from "../../src/config/snapshot.ts";

const CONTEXT = { waitUntil: (work: Promise<unknown>) => void work.catch(() => {}) };
const HERE = "http://127.0.0.1:8787";

const authenticator = createAuthenticator({
  snapshots: createSnapshotSource(() => {
    throw new Error("not asked");
  }, Date.now),
  keys: { find: async () => undefined },
  staticKey: "short",
  loopbackKey: "top-secret",
  validateToken: async () => null,
  now: Date.now,
});

function ask(
  origin: string,
  page?: string,
  key = "top-secret",
  others: Readonly<Record<string, string>> = {},
) {
  const headers = {
    authorization: `Bearer ${key}`,
    ...(page === undefined ? {} : { origin: page }),
    ...others,
  };
  const request = new Request(`${origin}/v1/tools`, { headers });
  return authenticator.authenticate(request, "v1", origin, CONTEXT);
}

test.each([
  [HERE, undefined],
  [HERE, "http://localhost:3000"],
  ["http://localhost:8787", undefined],
  ["http://[::1]:8787", "http://127.0.0.1:8787"],
])("takes a short key at %s from %s", async (origin, page) => {
  expect((await ask(origin, page)).kind).toBe("static-key");
});

test.each([
  ["https://gateway.example.com", undefined],
  ["http://192.168.1.5:8787", undefined],
  [HERE, "https://page.example.com"],
  [HERE, "null"],
  [HERE, "http://localhost.example.com"],
])("takes no short key at %s from %s", async (origin, page) => {
  await expect(ask(origin, page)).rejects.toMatchObject({ code: "unauthorized" });
});

test.each(["forwarded", "x-forwarded-for", "x-real-ip"])(
  "takes no short key from a proxy that says by %s whom it asks for",
  async (name) => {
    const asked = ask(HERE, undefined, undefined, { [name]: "for=203.0.113.7" });
    await expect(asked).rejects.toMatchObject({ code: "unauthorized" });
  },
);

test("asks again every time, since the next request may be a page's", async () => {
  await ask(HERE);
  expect(authenticator.known("top-secret", "v1", HERE)).toBeUndefined();
  await expect(ask(HERE, "https://page.example.com")).rejects.toMatchObject({
    code: "unauthorized",
  });
});

test("takes no short key that was meant for everywhere", async () => {
  await expect(ask(HERE, undefined, "short")).rejects.toMatchObject({ code: "unauthorized" });
});
