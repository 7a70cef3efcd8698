import { beforeAll, expect, test, vi } from "vitest";
import { exports } from "cloudflare:workers";
import { obtainTokens } from "../support/oauth-flow.ts";
import { browserWith, signInAsOwner } from "../support/owner-browser.ts";
import {
  configure,
  legacy,
  modern,
  ORIGIN,
  OWNER_PASSWORD,
  send,
  sendAsOwner,
  sendAuthorized,
} from "../support/worker.ts";

type Event = Record<string, unknown> & { id: number; kind: string };
type Page = { events: Event[]; next: number | null };

const TOKYO = { name: "time_get_current_time", arguments: { timezone: "Asia/Tokyo" } };

async function audit(query = ""): Promise<Page> {
  const response = await sendAsOwner(`/admin/api/audit${query}`);
  expect(response.status).toBe(200);
  return response.json<Page>();
}

/** The trail hands over once a second. */
function until(query: string, holds: (events: Event[]) => boolean): Promise<Event[]> {
  return vi.waitUntil(
    async () => {
      const { events } = await audit(query);
      return holds(events) && events;
    },
    { timeout: 10_000, interval: 200 },
  );
}

/** workerd does not take its type for a text. */
async function textOf(response: Response): Promise<string> {
  return new TextDecoder().decode(await response.arrayBuffer());
}

function ask(method: string, path: string, body?: object): Promise<Response> {
  return sendAsOwner(path, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

beforeAll(async () => {
  await configure({ mcpServers: { time: { builtin: "time" } } });
  await legacy("tools/list"); // what comes after is not about the first start
}, 60_000);

test("keeps who called what and how it ended, never arguments or results", async () => {
  await legacy("tools/call", TOKYO);
  await modern("tools/call", { ...TOKYO, arguments: { timezone: "Nowhere/Land" } });
  await sendAuthorized("/time/get_current_time", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(TOKYO.arguments),
  });
  const events = await until("?kind=call&limit=10", ({ length }) => length >= 3);
  const call = { kind: "call", method: "tools/call", backend: "time", target: "get_current_time" };
  expect(events.slice(0, 3)).toMatchObject([
    { ...call, surface: "rest", outcome: "ok" },
    { ...call, surface: "mcp", outcome: "tool_error", client: "test" },
    { ...call, surface: "mcp", outcome: "ok", userId: "owner", credentialId: "static-key" },
  ]);
  expect(events[0]?.["requestId"]).toEqual(expect.any(String));
  expect(JSON.stringify(events)).not.toMatch(/Tokyo|Nowhere/);
});

test("keeps them, bounded and without secrets, where the owner asks", async () => {
  const time = { mcpServers: { time: { builtin: "time" } } };
  await configure({ ...time, gateway: { audit: { arguments: true, results: true } } });
  const args = { timezone: "Asia/Tokyo", password: "hunter2-hunter2" };
  await legacy("tools/call", { ...TOKYO, arguments: args });
  const [event] = await until("?kind=call&limit=1", ([first]) => "arguments" in (first ?? {}));
  expect(event?.["arguments"]).toContain('"timezone":"Asia/Tokyo"');
  expect(event?.["arguments"]).not.toContain("hunter2");
  expect(event?.["result"]).toContain("Tokyo");
  await configure(time);
});

test("tells the owner of what has changed, and of who tried to come in", async () => {
  const person = await (await ask("POST", "/admin/api/users", { name: "Ann" })).json<Event>();
  const made = await ask("POST", "/admin/api/keys", { name: "phone", user: person.id });
  const key = await made.json<Event & { key: string }>();
  await ask("DELETE", `/admin/api/keys/${key.id}`);
  await ask("PATCH", `/admin/api/users/${person.id}`, { name: "Ann", disabled: true });
  await ask("DELETE", `/admin/api/users/${person.id}`);
  await signInAsOwner();
  await send("/me/sign-in", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", origin: ORIGIN },
    body: new URLSearchParams({ password: "not-the-password", next: "/admin" }),
  });
  await send("/admin/api/config"); // without any password: nobody tried one
  const events = await until(
    "?kind=owner&limit=20",
    ([newest]) => newest?.kind === "sign_in_failed",
  );
  expect(events.slice(0, 8)).toMatchObject([
    { kind: "sign_in_failed", outcome: "failed" },
    { kind: "sign_in", userId: "owner" },
    { kind: "person_removed", userId: person.id, target: "Ann" },
    { kind: "person_changed", userId: person.id, target: "disabled" },
    { kind: "key_revoked", userId: person.id, credentialId: key.id, target: "phone" },
    { kind: "key_made", userId: person.id, credentialId: key.id, target: "phone" },
    { kind: "person_added", userId: person.id, target: "Ann" },
    { kind: "config_changed", userId: "owner" },
  ]);
  expect(JSON.stringify(events)).not.toMatch(new RegExp(`${key.key}|not-the-password`));
});

test("tells the owner of a client that was let in, and of one that was sent away", async () => {
  const fetch = (request: Request): Promise<Response> => exports.default.fetch(request);
  await obtainTokens(fetch, ORIGIN, OWNER_PASSWORD);
  const { grants } = await (await sendAsOwner("/admin/api/grants")).json<{ grants: Event[] }>();
  await ask("DELETE", `/admin/api/grants/${grants[0]?.id}`);
  const events = await until("?kind=owner&limit=2", ([newest]) => newest?.kind === "grant_revoked");
  expect(events).toMatchObject([
    { kind: "grant_revoked", userId: "owner", credentialId: grants[0]?.id },
    { kind: "grant_made", userId: "owner", client: "Test client" },
  ]);
});

test("gives page after page, and only what is asked for", async () => {
  const all = await audit("?limit=1000");
  expect(all.next).toBeNull();
  const first = await audit("?limit=2");
  expect(first.next).toBe(first.events[1]?.id);
  const second = await audit(`?limit=2&before=${first.next}`);
  expect([...first.events, ...second.events]).toEqual(all.events.slice(0, 4));
  expect((await audit("?outcome=trouble&backend=time&user=owner")).events).toHaveLength(1);
  expect((await audit("?user=nobody")).events).toEqual([]);
  expect((await audit("?from=2999-01-01")).events).toEqual([]);
  expect((await audit("?backend=&outcome=")).events).toHaveLength(all.events.length);
});

test.each([
  ["limit=1e9", "wanted 1 to 1000"],
  ["before=-1", "before is"],
  ["from=yesterday", "wanted a time"],
  ["outcome=great", "wanted one of ok"],
])("says what is wrong with %s", async (query, problem) => {
  const response = await sendAsOwner(`/admin/api/audit?${query}`);
  expect(response.status).toBe(400);
  expect(await response.text()).toContain(problem);
});

test("writes one line for each event, the oldest first", async () => {
  const { events } = await audit("?limit=1000");
  const response = await sendAsOwner("/admin/api/audit.jsonl");
  expect(response.headers.get("content-type")).toContain("application/jsonl");
  const lines = (await textOf(response)).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual(events.toReversed());
  const newest = events[0]?.id ?? 0;
  const rest = await sendAsOwner(`/admin/api/audit.jsonl?since=${newest - 1}`);
  expect(JSON.parse(await textOf(rest))).toEqual(events[0]);
  expect(await textOf(await sendAsOwner(`/admin/api/audit.jsonl?since=${newest}`))).toBe("");
});

test("tells a page that is open of the next event", async () => {
  const { cookie } = await signInAsOwner();
  const look = async (query = ""): Promise<{ events: Event[]; last: number }> =>
    (await send(`/admin/api/audit/live${query}`, { headers: { cookie } })).json();
  await until("?kind=owner&limit=1", ([newest]) => newest?.kind === "sign_in");
  const { events, last } = await look();
  expect(events).toEqual([]);
  const next = look(`?since=${last}`);
  await legacy("tools/call", TOKYO);
  const told = await next;
  expect(told.events).toMatchObject([{ kind: "call", backend: "time" }]);
  expect(told.last).toBe(told.events[0]?.id);
});

test("is read by the owner and by admins who are signed in, from our own pages alone", async () => {
  const { cookie } = await signInAsOwner();
  const status = async (headers: Record<string, string>): Promise<number> => {
    const response = await send("/admin/api/audit", { headers });
    await response.text();
    return response.status;
  };
  expect(await status({ cookie })).toBe(200);
  expect(await status({ cookie, "sec-fetch-site": "same-origin" })).toBe(200);
  expect(await status({ cookie, "sec-fetch-site": "cross-site" })).toBe(403);
  expect(await status({ cookie: browserWith("__Host-session=owner.x").cookie })).toBe(401);
  expect(await status({})).toBe(401);
  expect((await sendAuthorized("/admin/api/audit")).status).toBe(401);
  const wrong = await sendAsOwner("/admin/api/audit/live", { method: "POST" });
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});
