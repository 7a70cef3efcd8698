import type { Registry } from "../config/registry.ts";
import { sha256Hex } from "../core/digest.ts";
import type { UserId } from "../core/ids.ts";
import { attemptSource } from "./attempt-source.ts";
import { mailKey } from "./mail-address.ts";
import { checkPassword, hashPassword } from "./password.ts";
import { userIdOf, type UserStore } from "./user-store.ts";

/** Per address: a person who mistypes, not a program that guesses. */
const TRIES_PER_SOURCE = 10;
/** Per account, from everywhere together: guessing from many addresses gets no further. */
const TRIES_PER_ACCOUNT = 30;
/** Of all accounts: each try costs us a good part of a second of CPU. */
const TRIES_OVERALL = 600;
const WINDOW_MS = 10 * 60 * 1_000;

export type PasswordSignInVerdict =
  | Readonly<{ kind: "person"; userId: UserId }>
  | Readonly<{ kind: "wrong" }>
  | Readonly<{ kind: "wait"; seconds: number }>;

/** Who somebody is, by mail address and password. One answer for every kind of wrong. */
export type PasswordSignIn = (
  given: Readonly<{ email: string; password: string }>,
  request: Request,
) => Promise<PasswordSignInVerdict>;

export type PasswordSignInNeeds = Readonly<{
  users: Pick<UserStore, "findByEmail" | "change">;
  registry: () => Pick<Registry, "countAttempt">;
  /** Somebody has tried a wrong one; whose account it was, where there is such an account. */
  onWrong?: (userId: UserId | undefined) => void;
}>;

export function createPasswordSignIn({
  users,
  registry,
  onWrong,
}: PasswordSignInNeeds): PasswordSignIn {
  async function mayTry(source: string, email: string): Promise<number | undefined> {
    const account = (await sha256Hex(email)).slice(0, 32);
    const buckets = [
      { bucket: `password:${source}`, limit: TRIES_PER_SOURCE },
      { bucket: `password-of:${account}`, limit: TRIES_PER_ACCOUNT },
      { bucket: "password", limit: TRIES_OVERALL },
    ];
    for (const bucket of buckets) {
      // One after the other: what an address is refused does not use up everybody's tries.
      // oxlint-disable-next-line no-await-in-loop
      const verdict = await registry().countAttempt({ ...bucket, windowMs: WINDOW_MS });
      if (!verdict.allowed) return verdict.retryAfter;
    }
    return undefined;
  }

  return async ({ email, password }, request) => {
    const address = mailKey(email);
    const wait = await mayTry(attemptSource(request), address);
    if (wait !== undefined) return { kind: "wait", seconds: wait };
    const user = await users.findByEmail(address);
    const { isRight, isOld } = await checkPassword(password, user?.password);
    if (!isRight || user === undefined || user.disabled === true) {
      onWrong?.(user === undefined ? undefined : userIdOf(user));
      return { kind: "wrong" };
    }
    if (isOld) {
      const stronger = await hashPassword(password);
      await users.change(user.id, (now) =>
        now.password === user.password ? { password: stronger } : {},
      );
    }
    return { kind: "person", userId: userIdOf(user) };
  };
}
