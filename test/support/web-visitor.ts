import { env } from "cloudflare:workers";
import { createUserStore, type NewUser, userIdOf } from "../../src/auth/user-store.ts";
import { createWebSessions } from "../../src/auth/web-session.ts";
import { asRegistry } from "../../src/config/registry-client.ts";
import { REGISTRY_NAME } from "../../src/config/registry-object.ts";
import { createSnapshotSource } from "../../src/config/snapshot.ts";
import type { UserId } from "../../src/core/ids.ts";
import { OWNER_ID } from "../../src/auth/user-id.ts";
import { ORIGIN, send } from "./worker.ts";

/** A name can stand there twice, as ticks do. */
export type Fields = Readonly<Record<string, string | readonly string[]>>;

/** A browser that is signed in. */
export type WebVisitor = Readonly<{
  userId: UserId;
  cookie: string;
  get: (path: string) => Promise<Response>;
  /** The text of a page; fails where there is none. */
  page: (path: string) => Promise<string>;
  /** A form as this browser sends it from a page of ours. */
  post: (path: string, fields?: Fields, headers?: Record<string, string>) => Promise<Response>;
  /** What stands in its forms. */
  token: () => Promise<string>;
}>;

const registry = () => asRegistry(env.REGISTRY.getByName(REGISTRY_NAME));
const users = () => createUserStore({ registry, now: Date.now });

/** Somebody new; the Worker knows them once a change of its own made it look. */
export async function addPerson(person: NewUser): Promise<UserId> {
  return userIdOf(await users().create(person));
}

export async function asVisitor(userId: UserId = OWNER_ID): Promise<WebVisitor> {
  const sessions = createWebSessions({
    room: (user) => env.GRANTS.getByName(user),
    snapshots: createSnapshotSource(registry, Date.now),
    originOf: () => ORIGIN,
    now: Date.now,
  });
  const set = await sessions.begin(userId, new Request(ORIGIN));
  const cookie = set.split(";")[0] ?? "";
  const get = (path: string) => send(path, { headers: { cookie } });
  async function page(path: string): Promise<string> {
    const response = await get(path);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
    return text;
  }
  async function token(): Promise<string> {
    return /name="form_token" value="([0-9a-f]+)"/.exec(await page("/me"))?.[1] ?? "";
  }
  return {
    userId,
    cookie,
    get,
    page,
    token,
    async post(path, fields = {}, headers = {}) {
      const body = new URLSearchParams(
        Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one) => [name, one])),
      );
      if (!body.has("form_token")) body.set("form_token", await token());
      return send(path, {
        method: "POST",
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          origin: ORIGIN,
          cookie,
          ...headers,
        },
        body,
      });
    },
  };
}
