import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createUserStore } from "../../src/auth/user-store.ts";
import { asRegistry } from "../../src/config/registry-client.ts";
import { REGISTRY_NAME } from "../../src/config/registry-object.ts";

const registry = () => asRegistry(env.REGISTRY.getByName(REGISTRY_NAME));
const users = createUserStore({ registry, now: Date.now });

async function known() {
  const snapshot = await registry().snapshot(-1);
  return snapshot === "unchanged" ? {} : snapshot.users;
}

test("keeps people, tells every snapshot of them, and forgets them", async () => {
  const ann = await users.create({ name: " Ann ", email: "Ann@Example.com", groups: ["family"] });
  expect(ann).toMatchObject({ name: "Ann", email: "ann@example.com" });
  expect((await known())[ann.id]).toMatchObject({ name: "Ann", groups: ["family"], admin: false });
  expect(JSON.stringify(await known())).not.toContain("identities");
  await users.change(ann.id, { disabled: true });
  expect(ann.id in (await known())).toBe(false);
  await users.change(ann.id, { disabled: false, email: null });
  expect((await known())[ann.id]).toMatchObject({ email: undefined });
  await users.remove(ann.id);
  expect(ann.id in (await known())).toBe(false);
  await expect(users.remove(ann.id)).rejects.toMatchObject({ code: "not_found" });
});

test("gives one mail address to one person", async () => {
  await users.create({ name: "One", email: "one@example.com" });
  const taken = users.create({ name: "Two", email: "ONE@example.com" });
  await expect(taken).rejects.toMatchObject({ code: "conflict" });
  for (const wanted of [{ name: " " }, { name: "x", email: "no address" }]) {
    await expect(users.create(wanted)).rejects.toMatchObject({ code: "invalid_params" });
  }
});
