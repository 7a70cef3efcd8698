import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { createInvitations } from "../../src/auth/invitations.ts";
import { createProviderSignIn } from "../../src/auth/provider-sign-in.ts";
import { createUserStore } from "../../src/auth/user-store.ts";
import { asRegistry } from "../../src/config/registry-client.ts";
import { REGISTRY_NAME } from "../../src/config/registry-object.ts";
import { createSnapshotSource } from "../../src/config/snapshot.ts";
import {
  CLIENT_ID,
  CLIENT_SECRET,
  createScriptedProvider,
  ISSUER,
  type Script,
  type ScriptedProvider,
} from "../support/scripted-provider.ts";

const ORIGIN = "https://gateway.test";
const CONTEXT = { waitUntil: (work: Promise<unknown>) => void work.catch(() => {}) };
const registry = () => asRegistry(env.REGISTRY.getByName(REGISTRY_NAME));
const now = () => Date.now() + ahead;
let ahead = 0;
const users = createUserStore({ registry, now });
const invitations = createInvitations({ users, now });

let provider: ScriptedProvider;
const told: string[] = [];

const signIn = createProviderSignIn({
  users,
  invitations,
  snapshots: createSnapshotSource(registry, Date.now),
  registry,
  variables: { OIDC_SECRET: CLIENT_SECRET },
  encryptionKey: "encryption-key-of-the-tests-0123456789",
  fetch: (url, init) => provider.fetch(url, init),
  onRefusal: ({ reason }) => told.push(reason),
  now,
});

const entry = {
  issuer: ISSUER,
  clientId: CLIENT_ID,
  clientSecret: "${OIDC_SECRET}",
  allow: ["@example.com", "one@example.org"],
  groups: ["family"],
};

beforeAll(async () => {
  provider = await createScriptedProvider();
  const document = {
    mcpServers: {},
    signIn: {
      providers: {
        home: entry,
        nobody: { ...entry, allow: [] },
        other: { ...entry, issuer: "https://other.example.com" },
        github: {
          type: "github",
          clientId: "gh",
          clientSecret: "${OIDC_SECRET}",
          allow: ["@example.com"],
        },
        unset: { ...entry, clientSecret: "${NOT_THERE}" },
      },
    },
  };
  await registry().putConfig({ text: JSON.stringify(document), source: "admin" });
}, 30_000);

type Begun = Readonly<{ url: URL; cookie: string }>;

function asked(path: string, cookie = "") {
  const address = crypto.randomUUID();
  const headers = { cookie, "cf-connecting-ip": address };
  return { request: new Request(ORIGIN + path, { headers }), origin: ORIGIN, context: CONTEXT };
}

async function begin(name = "home", invitation?: string, next = "/me?x=1"): Promise<Begun> {
  const { location, cookie } = await signIn.begin(name, {
    ...asked(`/me/sign-in/${name}`),
    next,
    invitation,
  });
  expect(cookie).toMatch(
    /^__Host-sign-in=[\w+/=]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600; Secure$/,
  );
  return { url: new URL(location), cookie: cookie.split(";")[0] ?? "" };
}

function back(
  { url, cookie }: Begun,
  changes: Record<string, string | undefined> = {},
  name = "home",
) {
  const params = { code: "c", state: url.searchParams.get("state") ?? "", iss: ISSUER, ...changes };
  const given = Object.entries(params).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(given).toString();
  return signIn.finish(name, asked(`/me/callback/${name}?${search}`, cookie));
}

/** There and back, with a provider that answers with the nonce it was given and plays a script. */
async function whole(script: Script = {}, name = "home", invitation?: string) {
  const begun = await begin(name, invitation);
  const nonce = begun.url.searchParams.get("nonce");
  provider.play({ ...script, claims: { nonce, ...script.claims } });
  return back(begun, {}, name);
}

test("lets in whom the list allows, as the same person whatever their address becomes", async () => {
  const begun = await begin();
  const { searchParams } = begun.url;
  expect(Object.fromEntries(searchParams)).toMatchObject({
    client_id: CLIENT_ID,
    redirect_uri: `${ORIGIN}/me/callback/home`,
    code_challenge_method: "S256",
    scope: "openid email profile",
  });
  provider.play({ claims: { nonce: searchParams.get("nonce") } });
  const first = await back(begun);
  expect(first.next).toBe("/me?x=1");
  expect(first.cookie).toMatch(/^__Host-sign-in=; .*Max-Age=0/);
  const token = provider.asked.find(({ url }) => url.endsWith("/token"));
  expect(token?.headers.get("authorization")).toMatch(/^Basic /);
  expect(new URLSearchParams(token?.body).get("code_verifier")).toMatch(/^[\w-]{43}$/);
  expect(token?.body).not.toContain(CLIENT_SECRET);
  expect(await users.find(first.userId)).toMatchObject({
    name: "Ann",
    email: "ann@example.com",
    groups: ["family"],
    identities: [{ issuer: ISSUER, subject: "subject-1" }],
  });
  const second = await whole({ claims: { email: "anna@elsewhere.example" } });
  expect(second.userId).toBe(first.userId);
});

test("takes no answer that could be somebody else's or made up", async () => {
  const before = (await users.list()).length;
  const stranger = { sub: "stranger", email: "stranger@example.com" };
  const past = Math.floor(Date.now() / 1_000) - 3_600;
  const scripts: readonly Script[] = [
    { claims: { ...stranger, nonce: "another" } },
    { claims: { ...stranger, nonce: undefined } },
    { claims: { ...stranger, iss: "https://evil.example.com" } },
    { claims: { ...stranger, aud: "another client" } },
    { claims: { ...stranger, aud: [CLIENT_ID, "other"], azp: "other" } },
    { claims: { ...stranger, iat: past, exp: past + 60 } },
    { claims: { ...stranger, sub: undefined } },
    { claims: { ...stranger, sub: "stranger".repeat(1_000) } },
    { claims: stranger, signing: "none" },
    { claims: stranger, signing: "client secret" },
    { claims: stranger, signing: "other key" },
    {
      claims: stranger,
      answers: { "/token": () => Response.redirect("https://evil.example.com/") },
    },
    { claims: stranger, answers: { "/token": () => new Response("<html>", { status: 200 }) } },
    {
      claims: stranger,
      answers: { "/token": () => Response.json({ access_token: "a", token_type: "Bearer" }) },
    },
    {
      claims: stranger,
      answers: { "/token": () => Response.json({ error: "invalid_grant" }, { status: 400 }) },
    },
    { claims: stranger, answers: { "/token": () => new Response("x".repeat(300_000)) } },
  ];
  for (const script of scripts) {
    // oxlint-disable-next-line no-await-in-loop
    await expect(whole(script), JSON.stringify(script)).rejects.toMatchObject({
      code: expect.stringMatching(/^(backend_failed|backend_unavailable|too_large)$/),
      message: expect.not.stringContaining("stranger"),
    });
  }
  expect(await users.list()).toHaveLength(before);
  expect(told.join()).not.toContain(CLIENT_SECRET);
});

test("takes a callback once, from the browser that began it, within ten minutes", async () => {
  const begun = await begin();
  const other = await begin();
  const nonce = begun.url.searchParams.get("nonce");
  provider.play({ claims: { nonce } });
  const refused = { code: "invalid_request" };
  await expect(back({ ...begun, cookie: "" })).rejects.toMatchObject(refused);
  await expect(back({ ...begun, cookie: other.cookie })).rejects.toMatchObject(refused);
  await expect(back({ ...begun, cookie: `${begun.cookie}x` })).rejects.toMatchObject(refused);
  await expect(back(begun, { state: undefined })).rejects.toMatchObject(refused);
  await expect(back(begun, { state: "wrong" })).rejects.toMatchObject(refused);
  await expect(back(begun, {}, "nobody")).rejects.toMatchObject(refused);
  ahead = 10 * 60 * 1_000 + 1;
  await expect(back(begun)).rejects.toMatchObject(refused);
  ahead = 0;
  await back(begun);
  await expect(back(begun)).rejects.toMatchObject(refused);
});

test("hears a provider's no, and no other issuer's yes", async () => {
  const no = await begin();
  const denied = { error: "access_denied", error_description: "<b>", code: undefined };
  await expect(back(no, denied)).rejects.toMatchObject({
    code: "forbidden",
    message: 'Cannot sign in: provider "home" said "access_denied"',
  });
  for (const iss of ["https://other.example.com", undefined]) {
    // oxlint-disable-next-line no-await-in-loop
    const begun = await begin();
    provider.play({ claims: { nonce: begun.url.searchParams.get("nonce") } });
    const before = provider.asked.length;
    // oxlint-disable-next-line no-await-in-loop
    await expect(back(begun, { iss })).rejects.toMatchObject({ code: "backend_failed" });
    expect(provider.asked.slice(before).map(({ url }) => url)).toEqual([]);
  }
});

test("keeps out whoever is not on the list, or whose address nobody vouches for", async () => {
  const before = (await users.list()).length;
  for (const claims of [
    { sub: "s2", email: "two@evil-example.com" },
    { sub: "s2", email: "two@sub.example.com" },
    { sub: "s2", email: "two@example.org" },
    { sub: "s2", email: "two@example.com", email_verified: false },
    { sub: "s2", email: "two@example.com", email_verified: undefined },
    { sub: "s2", email: "two@example.com", email_verified: ["true"] },
    { sub: "s2", email: "two@example.com", email_verified: "TRUE" },
    { sub: "s2", email: "two@evil.example@example.com" },
    { sub: "s2", email: "two@example.com " },
    { sub: "s2", email: "two\u200b@example.com" },
    { sub: "s2", email: "two@example.com.evil.example" },
    { sub: "s2", email: "two@example\u3002com" },
    { sub: "s2", email: "@example.com" },
    { sub: "s2", email: ["two@example.com"] },
  ]) {
    // oxlint-disable-next-line no-await-in-loop
    await expect(whole({ claims }), JSON.stringify(claims)).rejects.toMatchObject({
      code: "forbidden",
    });
  }
  const claims = { sub: "s2", email: "two@example.com" };
  await expect(whole({ claims }, "nobody")).rejects.toMatchObject({ code: "forbidden" });
  expect(await users.list()).toHaveLength(before);
});

test("binds an account to the person with its address once, and never another one", async () => {
  const ben = await users.create({ name: "Ben", email: "ben@anywhere.example" });
  const claims = { sub: "ben-1", email: "Ben@anywhere.example" };
  expect((await whole({ claims })).userId).toBe(ben.id);
  const later = { sub: "ben-2", email: "ben@anywhere.example" };
  await expect(whole({ claims: later })).rejects.toMatchObject({ code: "forbidden" });
  await users.change(ben.id, { disabled: true });
  await expect(whole({ claims })).rejects.toMatchObject({ code: "forbidden" });
});

test("takes no letter that only becomes one of an address for that one", async () => {
  const kate = await users.create({ name: "Kate", email: "kate@anywhere.example" });
  const claims = { sub: "kelvin", email: "\u212aate@anywhere.example" };
  await expect(whole({ claims })).rejects.toMatchObject({ code: "forbidden" });
  expect((await users.find(kate.id))?.identities).toEqual([]);
  const uma = await users.create({ name: "Uma", email: "\u00dcMA@anywhere.example" });
  const own = { sub: "uma", email: "\u00fcma@anywhere.example" };
  expect((await whole({ claims: own })).userId).toBe(uma.id);
});

test("lets an address that changed hands lead nowhere at another provider either", async () => {
  const identities = [{ issuer: "https://first.example", subject: "1" }];
  const ivy = { name: "Ivy", email: "ivy@example.com", identities };
  const { id } = await users.create(ivy);
  const claims = { sub: "ivy-2", email: "ivy@example.com" };
  await expect(whole({ claims })).rejects.toMatchObject({ code: "forbidden" });
  const { link } = await invitations.invite(id, ORIGIN);
  const code = new URL(link).searchParams.get("code") ?? "";
  expect((await whole({ claims }, "home", code)).userId).toBe(id);
});

test("binds an account by an invitation, whatever its address, and once", async () => {
  const cleo = await users.create({ name: "Cleo" });
  const { link } = await invitations.invite(cleo.id, ORIGIN);
  const code = new URL(link).searchParams.get("code") ?? "";
  const claims = { sub: "cleo-1", email: "x@y.example", email_verified: false };
  expect((await whole({ claims }, "home", code)).userId).toBe(cleo.id);
  const again = { claims: { sub: "cleo-2" } };
  await expect(whole(again, "home", code)).rejects.toMatchObject({ code: "not_found" });
  expect((await whole({ claims })).userId).toBe(cleo.id);

  const dan = await users.create({ name: "Dan" });
  const second = new URL((await invitations.invite(dan.id, ORIGIN)).link);
  const stolen = whole({ claims }, "home", second.searchParams.get("code") ?? "");
  await expect(stolen).rejects.toMatchObject({ code: "forbidden" });
});

test("asks for the address where the token lacks it", async () => {
  const claims = { sub: "subject-1", email: undefined, email_verified: undefined };
  const userinfo = { email: "ann@example.com", email_verified: "true" };
  await whole({ claims, userinfo });
  const mixed = { claims: { ...claims, sub: "subject-9" }, userinfo };
  await expect(whole(mixed)).rejects.toMatchObject({ code: "backend_failed" });
});

test("begins nothing at a provider that is unknown, not set up or lies about itself", async () => {
  await expect(begin("nothing")).rejects.toMatchObject({ code: "not_found" });
  await expect(begin("unset")).rejects.toMatchObject({
    code: "unavailable",
    detail: expect.stringContaining("NOT_THERE"),
  });
  await expect(begin("other")).rejects.toMatchObject({ code: "backend_failed" });
});

test("keeps the way on only while it fits in a cookie", async () => {
  const begun = await begin("home", undefined, `/oauth/authorize?x=${"x".repeat(3_900)}`);
  expect(begun.cookie.length).toBeLessThan(4_000);
  provider.play({ claims: { nonce: begun.url.searchParams.get("nonce") } });
  expect((await back(begun)).next).toBe("/me");
});

test("signs in with GitHub by its API, with the primary address it verified", async () => {
  const { url, cookie } = await begin("github");
  expect(url.origin + url.pathname).toBe("https://github.com/login/oauth/authorize");
  const emails = [
    { email: "old@example.com", primary: false, verified: true },
    { email: "gus@example.com", primary: true, verified: true },
  ];
  provider.play({
    answers: {
      "/login/oauth/access_token": () =>
        Response.json({ access_token: "gho", token_type: "bearer", scope: "read:user" }),
      "/user": () => Response.json({ id: 583231, login: "gus", name: null }),
      "/user/emails": () => Response.json(emails),
    },
  });
  const { userId } = await back({ url, cookie }, { iss: undefined }, "github");
  expect(await users.find(userId)).toMatchObject({
    name: "gus",
    email: "gus@example.com",
    identities: [{ issuer: "https://github.com", subject: "583231" }],
  });
  const again = await begin("github");
  provider.play({
    answers: {
      "/login/oauth/access_token": () => Response.json({ error: "bad_verification_code" }),
    },
  });
  const refused = back(again, { iss: undefined }, "github");
  await expect(refused).rejects.toMatchObject({ code: "backend_failed" });
});

test("goes to a private address only where the file on this machine names it", async () => {
  const signInConfig = { providers: { lan: { ...entry, issuer: "http://127.0.0.1:9/" } } };
  const text = JSON.stringify({ mcpServers: {}, signIn: signInConfig });
  const put = registry().putConfig({ text, source: "admin" });
  await expect(put).rejects.toMatchObject({ code: "config_invalid" });
});
