import { policyRules, type PolicyRules } from "../config/policy-rules.ts";
import type { Registry } from "../config/registry.ts";
import { parseUserRecord, USER_PREFIX, type UserRecord } from "../config/user-record.ts";
import { GatewayError } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import { isMailAddress, mailKey } from "./mail-address.ts";
import { newPersonId, toUserId } from "./user-id.ts";

/** Every snapshot tells of all of them, and the registry lists this many records at once. */
const MAX_USERS = 1_000;
const MAX_NAME = 100;
const MAX_GROUPS = 50;
const MAX_GROUP = 60;
/** Changes of one person that meet each other; a few people and their sign-ins, never a crowd. */
const MAX_RACES = 5;

export type NewUser = Readonly<{
  name: string;
  email?: string | undefined;
  groups?: readonly string[] | undefined;
  admin?: boolean | undefined;
  rules?: PolicyRules | undefined;
  identities?: UserRecord["identities"] | undefined;
}>;

/** What may be changed of a user; `undefined` leaves it, null takes it away. */
export type UserChange = Readonly<{
  name?: string | undefined;
  email?: string | null | undefined;
  groups?: readonly string[] | undefined;
  admin?: boolean | undefined;
  disabled?: boolean | undefined;
  rules?: PolicyRules | undefined;
  identities?: UserRecord["identities"] | undefined;
  password?: string | null | undefined;
  invitation?: UserRecord["invitation"] | null | undefined;
}>;

/** The people the owner knows. Every change is in force everywhere within 5 s. */
export type UserStore = Readonly<{
  /** Sorted by name, those who are disabled as well. */
  list: () => Promise<readonly UserRecord[]>;
  find: (id: string) => Promise<UserRecord | undefined>;
  /** Whose mail address it is; those who are disabled as well. */
  findByEmail: (email: string) => Promise<UserRecord | undefined>;
  findByIdentity: (identity: Identity) => Promise<UserRecord | undefined>;
  /** Throws `invalid_params`, `conflict` for a mail address that somebody has. */
  create: (wanted: NewUser) => Promise<UserRecord>;
  /**
   * A function is asked with the person as they are at the very moment of the change, and may
   * refuse by throwing. Throws `not_found`, `invalid_params`, `conflict`.
   */
  change: (
    id: string,
    change: UserChange | ((user: UserRecord) => UserChange),
  ) => Promise<UserRecord>;
  /** Their grants, keys and logins are dead with them: who asks for those asks for the user first. */
  remove: (id: string) => Promise<UserRecord>;
}>;

export type Identity = UserRecord["identities"][number];

export type UserStoreNeeds = Readonly<{
  registry: () => Pick<
    Registry,
    "getRecord" | "putRecord" | "replaceRecord" | "deleteRecord" | "listRecords"
  >;
  now: () => number;
}>;

export function createUserStore({ registry, now }: UserStoreNeeds): UserStore {
  async function list(): Promise<readonly UserRecord[]> {
    const records = await registry().listRecords(USER_PREFIX);
    return records
      .flatMap(({ value }) => parseUserRecord(value) ?? [])
      .toSorted((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
  }

  async function find(id: string): Promise<UserRecord | undefined> {
    return parseUserRecord(await registry().getRecord(keyOf(id)));
  }

  async function requireStored(id: string): Promise<{ text: string; user: UserRecord }> {
    const text = await registry().getRecord(keyOf(id));
    const user = parseUserRecord(text);
    if (text !== null && user !== undefined) return { text, user };
    throw new GatewayError("not_found", `Cannot find user "${id.slice(0, MAX_NAME)}"`);
  }

  async function requireFreeEmail(email: string | undefined, id: string | undefined) {
    const others = await list();
    if (id === undefined && others.length >= MAX_USERS) {
      throw new GatewayError("conflict", `Cannot add a person: there are ${MAX_USERS} already`);
    }
    if (email === undefined) return;
    if (others.some((other) => other.email === email && other.id !== id)) {
      throw new GatewayError("conflict", `Cannot use "${email}": somebody else has this address`);
    }
  }

  return {
    list,
    find,
    async findByEmail(email) {
      const wanted = mailKey(email);
      return (await list()).find((user) => user.email === wanted);
    },
    async findByIdentity({ issuer, subject }) {
      return (await list()).find(({ identities }) =>
        identities.some((one) => one.issuer === issuer && one.subject === subject),
      );
    },
    async create({ name, email, groups = [], admin, rules, identities = [] }) {
      const user: UserRecord = {
        id: newPersonId(),
        name: toName(name),
        ...(email === undefined ? {} : { email: toEmail(email) }),
        groups: toGroups(groups),
        ...(admin === true ? { admin } : {}),
        createdAt: now(),
        rules: rules ?? policyRules.parse({}),
        identities,
      };
      await requireFreeEmail(user.email, undefined);
      await registry().putRecord(keyOf(user.id), JSON.stringify(user));
      // Two who asked at the same time: the second to write sees the first, and steps back.
      await requireFreeEmail(user.email, user.id).catch(async (error: unknown) => {
        await registry().deleteRecord(keyOf(user.id));
        throw error;
      });
      return user;
    },
    async change(id, wanted) {
      for (let race = 0; race < MAX_RACES; race += 1) {
        // oxlint-disable-next-line no-await-in-loop -- again only after somebody else's change
        const { text, user } = await requireStored(id);
        const next = withChange(user, typeof wanted === "function" ? wanted(user) : wanted);
        // oxlint-disable-next-line no-await-in-loop
        if (next.email !== user.email) await requireFreeEmail(next.email, id);
        // Never over a change that was made meanwhile: it may have been the removal.
        // oxlint-disable-next-line no-await-in-loop
        if (await registry().replaceRecord(keyOf(id), text, JSON.stringify(next))) return next;
      }
      throw new GatewayError("conflict", `Cannot change user "${id}": others change them as well`);
    },
    async remove(id) {
      const { user } = await requireStored(id);
      await registry().deleteRecord(keyOf(user.id));
      return user;
    },
  };
}

function withChange(user: UserRecord, change: UserChange): UserRecord {
  const { email, password, invitation, ...kept } = user;
  const next = {
    email: change.email === undefined ? email : (change.email ?? undefined),
    password: change.password === undefined ? password : (change.password ?? undefined),
    invitation: change.invitation === undefined ? invitation : (change.invitation ?? undefined),
  };
  return {
    ...kept,
    name: change.name === undefined ? kept.name : toName(change.name),
    groups: change.groups === undefined ? kept.groups : toGroups(change.groups),
    admin: change.admin ?? kept.admin,
    disabled: change.disabled ?? kept.disabled,
    rules: change.rules ?? kept.rules,
    identities: change.identities ?? kept.identities,
    ...(next.email === undefined ? {} : { email: toEmail(next.email) }),
    ...(next.password === undefined ? {} : { password: next.password }),
    ...(next.invitation === undefined ? {} : { invitation: next.invitation }),
  };
}

function keyOf(id: string): string {
  return `${USER_PREFIX}${id.slice(0, MAX_NAME)}`;
}

export function userIdOf({ id }: UserRecord): UserId {
  return toUserId(id);
}

function toName(text: string): string {
  const name = text.trim();
  if (name !== "" && name.length <= MAX_NAME && !/\p{Cc}/u.test(name)) return name;
  throw invalid(`a name has 1 to ${MAX_NAME} characters on one line`);
}

function toEmail(text: string): string {
  const email = mailKey(text);
  if (isMailAddress(email)) return email;
  throw invalid(`"${text.slice(0, 60)}" is no mail address`);
}

function toGroups(groups: readonly string[]): readonly string[] {
  const named = [...new Set(groups.map((group) => group.trim()))].filter((group) => group !== "");
  if (named.length <= MAX_GROUPS && named.every((group) => group.length <= MAX_GROUP)) return named;
  throw invalid(`a person has up to ${MAX_GROUPS} groups of 1 to ${MAX_GROUP} characters`);
}

function invalid(reason: string): GatewayError {
  return new GatewayError("invalid_params", `Cannot keep a person: ${reason}`);
}
