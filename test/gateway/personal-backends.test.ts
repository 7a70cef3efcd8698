import { beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { oauthBackend, type OAuthBackend } from "../support/oauth-backend.ts";
import { newPerson, signedIn, type TestPerson } from "../support/person.ts";
import {
  awaitReady,
  configure,
  ORIGIN,
  readReply,
  type RpcReply,
  send,
  sendAsOwner,
  sendAuthorized,
  STATIC_KEY,
} from "../support/worker.ts";

let wave: OAuthBackend;
let keyed: OAuthBackend;
let team: OAuthBackend;
let ann: TestPerson;
let bob: TestPerson;

beforeAll(async () => {
  wave = await oauthBackend();
  keyed = await oauthBackend({ keys: { "ann-key": "ann", "bob-key": "bob" } });
  team = await oauthBackend();
  await configure({
    mcpServers: {
      wave: { url: wave.url, credentials: "per-user", oauth: {} },
      keyed: { url: keyed.url, credentials: "per-user", headers: { "x-api-key": "${USER_KEY}" } },
      team: { url: team.url },
    },
  });
  ann = await newPerson("Ann", "ann@home.example");
  bob = await newPerson("Bob", "bob@home.example");
  await awaitReady(["wave", "keyed"]);
}, 40_000);

/** Through the pages: what the browser of somebody does who logs in. */
async function logIn(
  person: TestPerson,
  backend: OAuthBackend,
  name: string,
  as: string,
  fields: Record<string, string> = {},
) {
  const onward = await person.post(`/me/logins/${name}`, fields);
  expect(onward.status, await onward.clone().text()).toBe(200);
  const address = (onward.headers.get("refresh") ?? "").replace("0; url=", "");
  return person.get(await backend.consent(address, as));
}

const text = ({ message }: { message: JsonObject }): unknown =>
  (message as { result?: { content: { text: string }[] } }).result?.content[0]?.text;

describe("a backend that everybody logs in to", () => {
  test("has one tool for those who have not, which leads them there", async () => {
    expect(await ann.names()).toEqual(expect.arrayContaining(["keyed_log_in", "wave_log_in"]));
    expect(await ann.names("/mcp/wave")).toEqual(["log_in"]);
    const { message } = await ann.ask("tools/call", { name: "wave_log_in", arguments: {} });
    expect(text({ message })).toContain(`${ORIGIN}/me/logins/wave`);
  });

  test("is told in chat with its link, without a language model too", async () => {
    const chat = await send("/v1/chat/completions", {
      method: "POST",
      headers: { authorization: `Bearer ${ann.key}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: "mcp-gateway",
        messages: [{ role: "user", content: "call wave_log_in {}" }],
      }),
    });
    expect(await chat.text()).toContain(`${ORIGIN}/me/logins/wave`);
  });

  test("is told as an address in REST, and as elicitation to clients that open pages", async () => {
    const rest = await send("/wave/log_in", {
      method: "POST",
      headers: { authorization: `Bearer ${ann.key}`, "content-type": "application/json" },
      body: "{}",
    });
    expect(rest.status).toBe(424);
    expect(await rest.json()).toMatchObject({
      detail: { authorization_url: `${ORIGIN}/me/logins/wave` },
    });
    const meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": { elicitation: { url: {} } },
    };
    const ask = async (members: JsonObject): Promise<RpcReply> =>
      readReply(
        await send("/mcp", {
          method: "POST",
          headers: {
            authorization: `Bearer ${ann.key}`,
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call",
            "mcp-name": "wave_log_in",
          },
          body: JSON.stringify({
            jsonrpc: "2.0",
            id: 1,
            method: "tools/call",
            params: { name: "wave_log_in", arguments: {}, _meta: meta, ...members },
          }),
        }),
      );
    const { result } = (await ask({})).message;
    expect(result).toMatchObject({ resultType: "input_required" });
    // Whoever has opened the page is still at it: the next round takes its time.
    const started = Date.now();
    const inputResponses = { "url-1": { action: "accept" } };
    const again = await ask({ inputResponses, requestState: result?.["requestState"] ?? "" });
    expect(again.message.result).toMatchObject({ resultType: "input_required" });
    expect(Date.now() - started).toBeGreaterThan(5_000);
  });

  test("shows its tools to who has logged in, and to nobody else", async () => {
    const done = await logIn(ann, wave, "wave", "ann");
    expect(done.headers.get("location")).toBe("/me/logins?done=wave");
    await expect.poll(() => ann.names(), { timeout: 6_000 }).toContain("wave_only_ann");
    expect(await ann.names()).not.toContain("wave_log_in");
    expect(text(await ann.ask("tools/call", { name: "wave_whoami", arguments: {} }))).toBe("ann");
    expect(await bob.names()).toContain("wave_log_in");
    expect(await bob.names()).not.toContain("wave_whoami");
    const refused = await bob.ask("tools/call", { name: "wave_whoami", arguments: {} });
    expect(refused.message.error?.code).toBe(-32602);
  });

  test("keeps two users apart, whoever calls first", async () => {
    await logIn(bob, wave, "wave", "bob");
    await expect.poll(() => bob.names(), { timeout: 6_000 }).toContain("wave_only_bob");
    expect(await bob.names()).not.toContain("wave_only_ann");
    expect(await ann.names()).not.toContain("wave_only_bob");
    const both = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 === 0 ? ann : bob).ask("tools/call", { name: "wave_whoami", arguments: {} }),
      ),
    );
    expect(both.map(text)).toEqual(Array.from({ length: 5 }, () => ["ann", "bob"]).flat());
  });

  test("a call that finds the login ended asks for it again, and it is whole afterwards", async () => {
    await wave.control({ refuseAll: true });
    const ended = await ann.ask("tools/call", { name: "wave_whoami", arguments: {} });
    expect(text(ended)).toContain(`${ORIGIN}/me/logins/wave`);
    await wave.control({ refuseAll: false });
    await logIn(ann, wave, "wave", "ann");
    await expect
      .poll(async () => text(await ann.ask("tools/call", { name: "wave_whoami", arguments: {} })), {
        timeout: 6_000,
      })
      .toBe("ann");
  });

  test("asks for more rights where a call is refused for lack of them", async () => {
    await wave.control({ scopeOfCalls: "invoices" });
    const wanting = await ann.ask("tools/call", { name: "wave_whoami", arguments: {} });
    expect(text(wanting)).toContain("/me/logins/wave");
    await logIn(ann, wave, "wave", "ann");
    await expect
      .poll(async () => text(await ann.ask("tools/call", { name: "wave_whoami", arguments: {} })), {
        timeout: 6_000,
      })
      .toBe("ann");
    await wave.control({ scopeOfCalls: "" });
  });

  test("is without a login within 5 s when it is forgotten", async () => {
    await ann.post("/me/logins/wave/forget", { account: "" });
    await expect.poll(() => ann.names(), { timeout: 5_000 }).toContain("wave_log_in");
    expect(await wave.log()).toEqual(expect.arrayContaining(["revoke refresh", "revoke access"]));
    expect(await bob.names()).toContain("wave_only_bob");
  });
});

test("goes on over the end of short tokens, without anybody noticing", async () => {
  await logIn(ann, wave, "wave", "ann");
  await expect.poll(() => ann.names(), { timeout: 6_000 }).toContain("wave_whoami");
  await wave.control({ ttl: 2 });
  await logIn(ann, wave, "wave", "ann");
  await wave.control({ ttl: 3_600 });
  const renewals = async () =>
    (await wave.log()).filter((line) => line === "token refresh_token").length;
  const before = await renewals();
  const noticed: unknown[] = [];
  await expect
    .poll(
      async () => {
        const said = text(await ann.ask("tools/call", { name: "wave_whoami", arguments: {} }));
        noticed.push(...(said === "ann" ? [] : [said]));
        return renewals();
      },
      { timeout: 8_000, interval: 200 },
    )
    .toBeGreaterThan(before);
  expect(noticed).toEqual([]);
});

test("goes with a key that each user brings", async () => {
  expect((await ann.post("/me/logins/keyed", { key: "ann-key" })).status).toBe(303);
  await expect.poll(() => ann.names("/mcp/keyed"), { timeout: 6_000 }).toContain("only_ann");
  expect(text(await ann.ask("tools/call", { name: "keyed_whoami", arguments: {} }))).toBe("ann");
  expect(await bob.names("/mcp/keyed")).toEqual(["log_in"]);
});

describe("the page of a login", () => {
  test("wants somebody who is signed in, and no other site", async () => {
    const stranger = await send("/me/logins/wave");
    expect(stranger.headers.get("location")).toBe("/me/sign-in?next=%2Fme%2Flogins%2Fwave");
    const forged = await send("/me/logins/wave", {
      method: "POST",
      headers: {
        origin: "https://evil.example",
        "content-type": "application/x-www-form-urlencoded",
      },
      body: "account=",
    });
    expect([303, 403]).toContain(forged.status);
    expect((await bob.get("/me/logins/nothing")).status).toBe(404);
  });

  test("lets nobody finish what another began, and nobody log in for another person", async () => {
    const onward = await ann.post("/me/logins/wave");
    const address = (onward.headers.get("refresh") ?? "").replace("0; url=", "");
    const back = await wave.consent(address, "ann");
    expect((await bob.get(back)).status).toBe(403);
    expect((await send(back)).status).toBe(403);
    expect((await ann.get(back)).status).toBe(400);
    expect((await bob.get(`/me/logins/wave?for=${ann.id}`)).status).toBe(403);
    expect((await bob.post("/me/logins/wave", { for: ann.id })).status).toBe(403);
  });

  test("shows words of an authorization server escaped", async () => {
    await wave.control({
      back: { code: null, error: "denied", error_description: "<script>alert(1)</script>" },
    });
    const refused = await logIn(ann, wave, "wave", "ann");
    await wave.control({ back: {} });
    const page = await refused.text();
    expect(page).toContain("&lt;script&gt;");
    expect(page).not.toContain("<script>alert");
  });

  test("is opened by an admin for a key that is nobody's, and says so", async () => {
    const owner = await signedIn("owner", STATIC_KEY);
    const made = await sendAsOwner("/admin/api/keys", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "kitchen robot" }),
    });
    const { id } = (await made.json()) as { id: string };
    const page = await (await owner.get(`/me/logins/wave?for=${id}`)).text();
    expect(page).toContain("kitchen robot");
    expect((await bob.get(`/me/logins/wave?for=${id}`)).status).toBe(403);
    expect((await logIn(owner, wave, "wave", "robot", { for: id })).status).toBe(303);
    const revoked = async () => (await wave.log()).filter((line) => line.startsWith("revoke"));
    const before = (await revoked()).length;
    // Nobody else could end what the key was logged in to: nothing of it is left with the key.
    await sendAsOwner(`/admin/api/keys/${id}`, { method: "DELETE" });
    await expect.poll(async () => (await revoked()).length, { timeout: 5_000 }).toBe(before + 2);
  });
});

test("the owner logs in once to a backend that everybody shares", async () => {
  const owner = await signedIn("owner", STATIC_KEY);
  await expect
    .poll(async () => JSON.stringify(await (await sendAuthorized("/status")).json()), {
      timeout: 10_000,
    })
    .toMatch(/needs a login/);
  const onward = await owner.post("/admin/backends/team/login");
  const address = (onward.headers.get("refresh") ?? "").replace("0; url=", "");
  const done = await owner.get(await team.consent(address, "team"));
  expect(done.headers.get("location")).toBe("/admin/backends/team?done=login");
  await expect.poll(() => bob.names("/mcp/team"), { timeout: 8_000 }).toContain("only_team");
  expect((await bob.post("/admin/backends/team/login")).status).toBe(403);
});

describe("several accounts of one user", () => {
  let carol: TestPerson;

  const whoami = async (args: JsonObject, path = "/mcp") => {
    const name = path === "/mcp" ? "wave_whoami" : "whoami";
    return text(await carol.ask("tools/call", { name, arguments: args }, path));
  };

  beforeAll(async () => {
    carol = await newPerson("Carol");
    await logIn(carol, wave, "wave", "carol");
    await logIn(carol, wave, "wave", "office", { account: "work" });
  });

  test("are chosen by an argument, and the first is meant where none is named", async () => {
    await expect
      .poll(async () => accountsOf(await carol.ask("tools/list")), { timeout: 8_000 })
      .toEqual(["default", "work"]);
    expect(await whoami({})).toBe("carol");
    expect(await whoami({ account: "work" })).toBe("office");
    expect(await whoami({ account: "default" })).toBe("carol");
    const refused = await carol.ask("tools/call", {
      name: "wave_whoami",
      arguments: { account: "nobody" },
    });
    expect(JSON.stringify(refused.message)).toContain("is none of");
  });

  test("are chosen by the address, where nothing is left to choose", async () => {
    await expect
      .poll(() => carol.names("/mcp/wave:work"), { timeout: 6_000 })
      .toContain("only_office");
    expect(await whoami({}, "/mcp/wave:work")).toBe("office");
    expect(await carol.names("/mcp/wave")).not.toContain("only_office");
    const rest = await send("/wave:work/whoami", {
      method: "POST",
      headers: { authorization: `Bearer ${carol.key}`, "content-type": "application/json" },
      body: "{}",
    });
    expect(await rest.json()).toBe("office");
    const none = await carol.ask("tools/call", { name: "log_in", arguments: {} }, "/mcp/wave:club");
    expect(text(none)).toContain("/me/logins/wave?account=club");
    expect((await carol.ask("tools/list", {}, "/mcp/team:work")).message.error).toBeDefined();
  });

  test("another one can be made the one that is meant", async () => {
    await carol.post("/me/logins/wave/default", { account: "work" });
    await expect.poll(() => whoami({}), { timeout: 6_000 }).toBe("office");
  });
});

function accountsOf({ message }: { message: JsonObject }): unknown {
  const { result } = message as unknown as {
    result: {
      tools: { name: string; inputSchema: { properties?: Record<string, { enum: [] }> } }[];
    };
  };
  const tool = result.tools.find(({ name }) => name === "wave_whoami");
  return tool?.inputSchema.properties?.["account"]?.enum;
}

test("whoever is removed takes their logins with them", async () => {
  const before = (await wave.log()).filter((line) => line.startsWith("revoke")).length;
  await sendAsOwner(`/admin/api/users/${bob.id}`, { method: "DELETE" });
  await expect
    .poll(async () => (await wave.log()).filter((line) => line.startsWith("revoke")).length, {
      timeout: 5_000,
    })
    .toBe(before + 2);
});
