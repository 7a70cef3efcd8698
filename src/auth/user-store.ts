import { policyRules, type PolicyRules } from "../config/policy-rules.ts";
import type { Registry } from "../config/registry.ts";
import { parseUserRecord, USER_PREFIX, type UserRecord } from "../config/user-record.ts";
import { GatewayError } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import { newPersonId, toUserId } from "./user-id.ts";

/** Every snapshot tells of all of them, and the registry lists this many records at once. */
const MAX_USERS = 1_000;
const MAX_NAME = 100;
/** RFC 5321 section 4.5.3.1.3, without the brackets. */
const MAX_EMAIL = 254;
const EMAIL = /^[^\s@]+@[^\s@]+$/;
const MAX_GROUPS = 50;
const MAX_GROUP = 60;

export type NewUser = Readonly<{
  name: string;
  email?: string | undefined;
  groups?: readonly string[] | undefined;
  admin?: boolean | undefined;
  rules?: PolicyRules | undefined;
}>;

/** What may be changed of a user; `undefined` leaves it, null takes it away. */
export type UserChange = Readonly<{
  name?: string;
  email?: string | null;
  groups?: readonly string[];
  admin?: boolean;
  disabled?: boolean;
  rules?: PolicyRules;
  identities?: UserRecord["identities"];
  password?: string | null;
  invitation?: UserRecord["invitation"] | null;
}>;

/** The people the owner knows. Every change is in force everywhere within 5 s. */
export type UserStore = Readonly<{
  /** Sorted by name, those who are disabled as well. */
  list: () => Promise<readonly UserRecord[]>;
  find: (id: string) => Promise<UserRecord | undefined>;
  /** Throws `invalid_params`, `conflict` for a mail address that somebody has. */
  create: (wanted: NewUser) => Promise<UserRecord>;
  /** Throws `not_found`, `invalid_params`, `conflict`. */
  change: (id: string, change: UserChange) => Promise<UserRecord>;
  /** Their grants, keys and logins are dead with them: who asks for those asks for the user first. */
  remove: (id: string) => Promise<UserRecord>;
}>;

export type UserStoreNeeds = Readonly<{
  registry: () => Pick<Registry, "getRecord" | "putRecord" | "deleteRecord" | "listRecords">;
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
    return parseUserRecord(await registry().getRecord(`${USER_PREFIX}${id.slice(0, MAX_NAME)}`));
  }

  async function requireUser(id: string): Promise<UserRecord> {
    const user = await find(id);
    if (user !== undefined) return user;
    throw new GatewayError("not_found", `Cannot find user "${id.slice(0, MAX_NAME)}"`);
  }

  async function store(user: UserRecord): Promise<UserRecord> {
    await registry().putRecord(`${USER_PREFIX}${user.id}`, JSON.stringify(user));
    return user;
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
    async create({ name, email, groups = [], admin, rules }) {
      const user: UserRecord = {
        id: newPersonId(),
        name: toName(name),
        ...(email === undefined ? {} : { email: toEmail(email) }),
        groups: toGroups(groups),
        ...(admin === true ? { admin } : {}),
        createdAt: now(),
        rules: rules ?? policyRules.parse({}),
        identities: [],
      };
      await requireFreeEmail(user.email, undefined);
      return store(user);
    },
    async change(id, change) {
      const { email, password, invitation, ...kept } = await requireUser(id);
      const next = {
        email: change.email === undefined ? email : (change.email ?? undefined),
        password: change.password === undefined ? password : (change.password ?? undefined),
        invitation: change.invitation === undefined ? invitation : (change.invitation ?? undefined),
      };
      const address = next.email === undefined ? undefined : toEmail(next.email);
      if (address !== email) await requireFreeEmail(address, id);
      return store({
        ...kept,
        name: change.name === undefined ? kept.name : toName(change.name),
        groups: change.groups === undefined ? kept.groups : toGroups(change.groups),
        admin: change.admin ?? kept.admin,
        disabled: change.disabled ?? kept.disabled,
        rules: change.rules ?? kept.rules,
        identities: change.identities ?? kept.identities,
        ...(address === undefined ? {} : { email: address }),
        ...(next.password === undefined ? {} : { password: next.password }),
        ...(next.invitation === undefined ? {} : { invitation: next.invitation }),
      });
    },
    async remove(id) {
      const user = await requireUser(id);
      await registry().deleteRecord(`${USER_PREFIX}${user.id}`);
      return user;
    },
  };
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
  const email = text.trim().toLowerCase();
  if (EMAIL.test(email) && email.length <= MAX_EMAIL) return email;
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
