import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createPasswordSignIn } from "../../src/auth/password-sign-in.ts";
import { createUserStore } from "../../src/auth/user-store.ts";
import { asRegistry } from "../../src/config/registry-client.ts";
import { REGISTRY_NAME } from "../../src/config/registry-object.ts";
import { checkPassword, hashPassword } from "../../src/auth/password.ts";

/** `correct horse battery` after one round, as an earlier version would have written it. */
async function old(password: string): Promise<string> {
  const salt = new Uint8Array(16);
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(password),
    "PBKDF2",
    false,
    ["deriveBits"],
  );
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt, iterations: 100_000 };
  const bits = new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 256));
  const text = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
  return `pbkdf2-sha256$1x100000$${text(salt)}$${text(bits)}`;
}

test("knows the right password however it was typed, and no other", async () => {
  const stored = await hashPassword("Caf\u00e9 am Markt");
  expect(stored).toMatch(/^pbkdf2-sha256\$6x100000\$[\w+/=]{24}\$[\w+/=]{44}$/);
  expect(await checkPassword("Cafe\u0301 am Markt", stored)).toEqual({
    isRight: true,
    isOld: false,
  });
  expect((await checkPassword("Cafe am Markt", stored)).isRight).toBe(false);
  expect(await hashPassword("Caf\u00e9 am Markt")).not.toBe(stored);
});

test("lets nobody in without a record, and asks for a new one where the old is weak", async () => {
  for (const stored of [undefined, "", "plain", "pbkdf2-sha256$1x1$AAAA$AAAA"]) {
    // oxlint-disable-next-line no-await-in-loop
    expect((await checkPassword("", stored)).isRight).toBe(false);
  }
  const weak = await old("correct horse battery");
  expect(await checkPassword("correct horse battery", weak)).toEqual({
    isRight: true,
    isOld: true,
  });
});

test("takes neither a short nor an endless password", async () => {
  for (const password of ["short", "x".repeat(11), "x".repeat(1_025)]) {
    // oxlint-disable-next-line no-await-in-loop
    await expect(hashPassword(password)).rejects.toMatchObject({ code: "invalid_params" });
  }
});

test("writes an old password anew as soon as it is known, and counts guesses by account", async () => {
  const registry = () => asRegistry(env.REGISTRY.getByName(REGISTRY_NAME));
  const users = createUserStore({ registry, now: Date.now });
  const signIn = createPasswordSignIn({ users, registry });
  const from = (): Request =>
    new Request("https://gateway.test", { headers: { "cf-connecting-ip": crypto.randomUUID() } });
  const { id } = await users.create({ name: "Ann", email: "ann@example.com" });
  const weak = await old("correct horse battery");
  await users.change(id, { password: weak });
  const given = { email: " ANN@example.com", password: "correct horse battery" };
  expect(await signIn(given, from())).toEqual({ kind: "person", userId: id });
  expect((await users.find(id))?.password).toMatch(/^pbkdf2-sha256\$6x/);
  expect(await signIn(given, from())).toEqual({ kind: "person", userId: id });

  // Far too long to be one, so that it costs no time to say so.
  const guess = { ...given, password: "x".repeat(2_000) };
  await Promise.all(Array.from({ length: 30 }, () => signIn(guess, from())));
  expect(await signIn(given, from())).toMatchObject({ kind: "wait" });
});
