import { env } from "cloudflare:workers";
import { createWebSessions } from "../../src/auth/web-session.ts";
import { toUserId } from "../../src/auth/user-id.ts";
import { asRegistry } from "../../src/config/registry-client.ts";
import { REGISTRY_NAME } from "../../src/config/registry-object.ts";
import { createSnapshotSource } from "../../src/config/snapshot.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { UserId } from "../../src/core/ids.ts";
import { keyFor } from "./key-for.ts";
import { ORIGIN, readReply, type RpcReply, send, sendAsOwner } from "./worker.ts";

export type TestPerson = Readonly<{
  id: UserId;
  /** One request under a key of theirs. */
  ask: (method: string, params?: JsonObject, path?: string) => Promise<RpcReply>;
  names: (path?: string) => Promise<readonly string[]>;
  /** A page in a browser in which they are signed in. */
  get: (path: string) => Promise<Response>;
  /** A form of such a page. */
  post: (path: string, fields?: Record<string, string>) => Promise<Response>;
  key: string;
}>;

/** Somebody the owner knows, with a key, and signed in. */
export async function newPerson(name: string, email?: string): Promise<TestPerson> {
  const made = await sendAsOwner("/admin/api/users", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, ...(email === undefined ? {} : { email }) }),
  });
  const { id } = (await made.json()) as { id: string };
  return signedIn(id, await keyFor({ user: id }));
}

/** The owner, or somebody who is known by id. */
export async function signedIn(id: string, key: string): Promise<TestPerson> {
  const registry = () => asRegistry(env.REGISTRY.getByName(REGISTRY_NAME));
  const sessions = createWebSessions({
    room: (user) => env.GRANTS.getByName(user),
    snapshots: createSnapshotSource(registry, Date.now),
    originOf: () => ORIGIN,
    now: Date.now,
  });
  const request = new Request(ORIGIN);
  const cookie = (await sessions.begin(toUserId(id), request)).split(";")[0] ?? "";
  const context = { waitUntil: (work: Promise<unknown>) => void work.catch(() => {}) };
  const visitor = await sessions.find(new Request(ORIGIN, { headers: { cookie } }), context);
  const ask: TestPerson["ask"] = async (method, params = {}, path = "/mcp") =>
    readReply(
      await send(path, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      }),
    );
  return {
    id: toUserId(id),
    key,
    ask,
    async names(path = "/mcp") {
      const { message } = await ask("tools/list", {}, path);
      const { tools } = message.result as unknown as { tools: readonly { name: string }[] };
      return tools.map(({ name }) => name);
    },
    get: (path) => send(path, { headers: { cookie } }),
    post: (path, fields = {}) =>
      send(path, {
        method: "POST",
        headers: { cookie, origin: ORIGIN, "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ ...fields, form_token: visitor?.formToken ?? "" }).toString(),
      }),
  };
}
