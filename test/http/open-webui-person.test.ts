import { sign } from "hono/jwt";
import { beforeAll, expect, test } from "vitest";
import type { Caller } from "../../src/auth/caller.ts";
import { createPeopleDoor, STATIC_KEY } from "../support/people-door.ts";
import { configure } from "../support/worker.ts";

const SECRET = "open-webui-secret-of-the-tests";
const RULES = [
  { groups: ["sales"], allow: ["erp"], deny: ["erp/delete_*"] },
  { users: ["Anna@Example.com"], allow: ["home"] },
  { roles: ["admin"], allow: ["*"] },
];
const OPEN_WEBUI = { jwtSecret: "${OWUI_JWT_SECRET}", rules: RULES };

const now = () => Math.floor(Date.now() / 1_000);
const CLAIMS = { sub: "anna-1", email: "anna@example.com", name: "Anna", role: "user" };
/** As Open WebUI signs it. */
const fresh = () => ({ ...CLAIMS, iss: "open-webui", iat: now(), exp: now() + 300 });

/** How far the gateway's clock has gone beyond the tests' own. */
let passed = 0;
const door = createPeopleDoor({
  variables: { OWUI_JWT_SECRET: SECRET },
  now: () => Date.now() + passed,
});
const keys: Record<string, string> = {};

beforeAll(async () => {
  await configure({ mcpServers: {}, gateway: { openWebui: OPEN_WEBUI } });
  const access = { allow: ["erp", "home"], deny: [] };
  for (const openWebui of ["jwt", "headers", undefined] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const { key } = await door.keys.create({ name: "open webui", access, openWebui });
    keys[openWebui ?? "unmarked"] = key;
  }
});

/** With a key marked for tokens. */
function askWith(token: string, at = door): Promise<Caller> {
  return at.ask(keys["jwt"], { "x-openwebui-user-jwt": token });
}

test("makes the person of a signed token a caller of their own", async () => {
  const token = await sign({ ...fresh(), groups: ["sales"] }, SECRET, "HS256");
  const itself = await door.ask(keys["jwt"], {});
  const caller = await door.ask(keys["jwt"], { "X-OpenWebUI-User-Jwt": token });
  expect(caller).toMatchObject({
    credentialId: itself.credentialId,
    userId: expect.stringMatching(/^ow-[0-9a-f]{32}$/),
    person: {
      id: "anna-1",
      email: "anna@example.com",
      name: "Anna",
      role: "user",
      groups: ["sales"],
    },
    access: { allow: ["erp", "home"], deny: ["erp/delete_*"], within: itself.access },
  });
  expect(caller.policyId).not.toBe(itself.policyId);
  expect(itself.person).toBeUndefined();
});

test("makes them the same caller every time, on every surface, and nobody else's", async () => {
  const anna = { "x-openwebui-user-id": "anna-1" };
  const { userId } = await door.ask(keys["headers"], anna);
  expect(await door.ask(keys["headers"], anna, "mcp")).toMatchObject({ userId });
  const ben = await door.ask(keys["headers"], { "x-openwebui-user-id": "ben-2" });
  const token = await sign(fresh(), SECRET, "HS256");
  const underAnotherKey = await door.ask(keys["jwt"], { "x-openwebui-user-jwt": token });
  expect(new Set([userId, ben.userId, underAnotherKey.userId]).size).toBe(3);
});

test("believes plain headers with a key marked so, percent-encoded, in any case", async () => {
  const caller = await door.ask(keys["headers"], {
    "X-OPENWEBUI-USER-ID": "jo-3",
    "x-OpenWebUI-User-Name": "J%C3%B6rg M%C3%BCller",
    "X-OpenWebUI-User-Email": "joerg%40example.com",
    "X-OpenWebUI-User-Role": "user",
    "X-OpenWebUI-User-Groups": "sales, back office",
  });
  expect(caller.person).toEqual({
    id: "jo-3",
    name: "Jörg Müller",
    email: "joerg@example.com",
    role: "user",
    groups: ["sales", "back office"],
  });
  expect(caller.access).toMatchObject({ allow: ["erp"], deny: ["erp/delete_*"] });
});

test.each([
  ['["sales","a, b"]', ["sales", "a, b"]],
  ["%5B%22sales%22%5D", ["sales"]],
  ["[old] sales,,x ", ["[old] sales", "x"]],
  ["{{USER_GROUPS}}", []],
  ["100% of sales", ["100% of sales"]],
])("reads the groups %s", async (groups, expected) => {
  const headers = { "x-openwebui-user-id": "jo-3", "x-openwebui-user-groups": groups };
  expect((await door.ask(keys["headers"], headers)).person?.groups).toEqual(expected);
});

test("takes the mail address for the id where there is none, and nobody for an empty template", async () => {
  const byMail = await door.ask(keys["headers"], {
    "x-openwebui-user-email": "Anna@example.com",
  });
  expect(byMail.person).toMatchObject({ id: "anna@example.com" });
  expect(byMail.access.allow).toEqual(["home"]);
  const nobody = await door.ask(keys["headers"], { "x-openwebui-user-id": "{{USER_ID}}" });
  expect(nobody.person).toBeUndefined();
});

test("lets a person do no more than the key, whatever the rules say", async () => {
  const token = await sign(
    { ...fresh(), sub: "chief", email: "c@x.example", role: "admin" },
    SECRET,
    "HS256",
  );
  const { access } = await door.ask(keys["jwt"], { "x-openwebui-user-jwt": token });
  expect(access).toEqual({ allow: ["*"], deny: [], within: { allow: ["erp", "home"], deny: [] } });
});

test("gives a person without a rule just the key's access, and one policy with it", async () => {
  const itself = await door.ask(keys["headers"], {});
  const caller = await door.ask(keys["headers"], { "x-openwebui-user-id": "nobody-9" });
  expect(caller.policyId).toBe(itself.policyId);
});

test("takes such headers for text with every other key", async () => {
  const token = await sign(fresh(), SECRET, "HS256");
  const headers = { "x-openwebui-user-id": "anna-1", "x-openwebui-user-jwt": token };
  for (const key of [keys["unmarked"], STATIC_KEY]) {
    // oxlint-disable-next-line no-await-in-loop
    const caller = await door.ask(key, headers);
    expect(caller.person).toBeUndefined();
    expect(caller.userId).not.toMatch(/^ow-/);
  }
  const byToken = await door.ask(keys["jwt"], { "x-openwebui-user-id": "anna-1" });
  expect(byToken.person).toBeUndefined();
});

const base64url = (value: unknown) =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const withHeader = (header: object, signature: string) =>
  `${base64url(header)}.${base64url(fresh())}.${signature}`;

test.each<[string, RegExp, () => string | Promise<string>]>([
  [
    "signed with another secret",
    /not signed/,
    () => sign(fresh(), "another-secret-of-somebody", "HS256"),
  ],
  ["of another algorithm", /not signed/, () => sign(fresh(), SECRET, "HS512")],
  ["that wants no signature", /not signed/, () => withHeader({ alg: "none" }, "")],
  [
    "that says it is signed with RS256",
    /not signed/,
    async () => {
      const [, , signature = ""] = (await sign(fresh(), SECRET, "HS256")).split(".");
      return withHeader({ alg: "RS256", typ: "JWT" }, signature);
    },
  ],
  [
    "that was changed",
    /not signed/,
    async () => {
      const [header, , signature] = (await sign(fresh(), SECRET, "HS256")).split(".");
      return [header, base64url({ ...fresh(), role: "admin" }), signature].join(".");
    },
  ],
  [
    "that has expired",
    /expired/,
    () => sign({ ...fresh(), iat: now() - 400, exp: now() - 100 }, SECRET, "HS256"),
  ],
  [
    "that never expires",
    /lacks/,
    () => sign({ ...CLAIMS, iss: "open-webui", iat: now() }, SECRET, "HS256"),
  ],
  [
    "from the future",
    /not valid yet/,
    () => sign({ ...fresh(), iat: now() + 200, exp: now() + 500 }, SECRET, "HS256"),
  ],
  ["of another issuer", /issuer/, () => sign({ ...fresh(), iss: "elsewhere" }, SECRET, "HS256")],
  ["without a subject", /lacks/, () => sign({ ...fresh(), sub: undefined }, SECRET, "HS256")],
  ["with an empty subject", /names nobody/, () => sign({ ...fresh(), sub: " " }, SECRET, "HS256")],
  [
    "that is longer than any",
    /longer/,
    () => sign({ ...fresh(), name: "x".repeat(9_000) }, SECRET, "HS256"),
  ],
  ["that is none", /not signed/, () => "%E0%A4%A"],
])("answers nobody with a token %s", async (_, reason, makeToken) => {
  await expect(askWith(await makeToken())).rejects.toMatchObject({
    code: "unauthorized",
    message: expect.stringMatching(reason),
  });
});

test("bears a minute between the clocks", async () => {
  const early = await sign({ ...fresh(), iat: now() + 30 }, SECRET, "HS256");
  const late = await sign({ ...fresh(), iat: now() - 330, exp: now() - 30 }, SECRET, "HS256");
  expect(await askWith(early)).toMatchObject({ person: { id: "anna-1" } });
  expect(await askWith(late)).toMatchObject({ person: { id: "anna-1" } });
});

test("answers nobody while there is no secret to check a token with", async () => {
  const token = await sign(fresh(), SECRET, "HS256");
  for (const variables of [{}, { OWUI_JWT_SECRET: "short" }]) {
    const unready = createPeopleDoor({ variables });
    // oxlint-disable-next-line no-await-in-loop
    await expect(askWith(token, unready)).rejects.toMatchObject({ code: "unavailable" });
  }
});

test.each([
  ["x-openwebui-user-groups", "g,".repeat(5_000)],
  ["x-openwebui-user-groups", "g,".repeat(300)],
  ["x-openwebui-user-groups", "[1]"],
  ["x-openwebui-user-id", "x".repeat(256)],
  ["x-openwebui-user-name", "two%0Alines"],
])("refuses a header %s that is none of Open WebUI", async (name, value) => {
  const headers = { "x-openwebui-user-id": "anna-1", [name]: value };
  const asked = door.ask(keys["headers"], headers);
  await expect(asked).rejects.toMatchObject({ code: "invalid_request" });
});

test("answers only people where that is required, within 5 s of saying so", async () => {
  await door.ask(keys["jwt"], {});
  await configure({ mcpServers: {}, gateway: { openWebui: { ...OPEN_WEBUI, required: true } } });
  passed = 5_000;
  for (const marked of [keys["jwt"], keys["headers"]]) {
    // oxlint-disable-next-line no-await-in-loop
    await expect(door.ask(marked, {})).rejects.toMatchObject({ code: "unauthorized" });
  }
  expect(await door.ask(keys["unmarked"], {})).toMatchObject({ kind: "api-key" });
  const token = await sign(fresh(), SECRET, "HS256");
  expect(await askWith(token)).toMatchObject({ person: { id: "anna-1" } });
});
