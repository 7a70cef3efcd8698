import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createInvitations } from "../../src/auth/invitations.ts";
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

test("neither brings back who is removed nor takes an address twice, however close the requests", async () => {
  const eve = await users.create({ name: "Eve" });
  const [removed] = await Promise.allSettled([
    users.remove(eve.id),
    users.change(eve.id, { name: "Eva" }),
    users.change(eve.id, { password: "x" }),
  ]);
  expect(removed.status).toBe("fulfilled");
  expect(await users.find(eve.id)).toBeUndefined();

  const twins = ["One", "Two", "Three"].map((name) =>
    users.create({ name, email: "t@example.com" }),
  );
  await Promise.allSettled(twins);
  const had = (await users.list()).filter(({ email }) => email === "t@example.com");
  expect(had.length).toBeLessThanOrEqual(1);
});

test("keeps every one of several changes at the same time", async () => {
  const { id } = await users.create({ name: "Gil" });
  await Promise.all([
    users.change(id, { groups: ["family"] }),
    users.change(id, { disabled: true }),
    users.change(id, ({ identities }) => ({
      identities: [...identities, { issuer: "https://a.example", subject: "1" }],
    })),
  ]);
  expect(await users.find(id)).toMatchObject({
    groups: ["family"],
    disabled: true,
    identities: [{ subject: "1" }],
  });
});

test("takes an invitation once, however many accept it at once", async () => {
  const invitations = createInvitations({ users, now: Date.now });
  const { id } = await users.create({ name: "Ida" });
  const { link } = await invitations.invite(id, "https://gateway.test");
  const code = new URL(link).searchParams.get("code") ?? "";
  const tries = ["a", "b", "c"].map((password) => invitations.accept(code, () => ({ password })));
  const done = await Promise.allSettled(tries);
  expect(done.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await invitations.find(code)).toBeUndefined();

  const late = createInvitations({ users, now: () => Date.now() + 8 * 86_400_000 });
  const second = new URL((await invitations.invite(id, "https://gateway.test")).link);
  expect(await late.find(second.searchParams.get("code") ?? "")).toBeUndefined();
});
