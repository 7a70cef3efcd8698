import { Hono } from "hono";
import { listGrants, revokeGrant, type GrantApi } from "../auth/granted-clients.ts";
import type { KeyStore } from "../auth/key-store.ts";
import { OWNER_CHALLENGE, requireOwner, type OwnerCheck } from "../auth/owner.ts";
import { OWNER_ID } from "../auth/user-id.ts";
import { userIdOf } from "../auth/user-store.ts";
import type { Registry, StoredConfig } from "../config/registry.ts";
import { secretsEqual } from "../core/digest.ts";
import { asGatewayError, GatewayError, type ErrorCode } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import { readJsonBody } from "../http/json-body.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { problemResponse, statusOf } from "../http/problem.ts";
import { parseVersion, readConfigText, readExpectedVersion } from "./config-body.ts";
import { describeKey, parseKeyRequest } from "./key-request.ts";
import { createToolRoutes, type ToolRouteNeeds } from "./tool-routes.ts";
import { createUserRoutes, requirePerson, type UserRouteNeeds } from "./user-routes.ts";

export type AdminNeeds = UserRouteNeeds &
  ToolRouteNeeds &
  Readonly<{
    registry: () => Registry;
    keys: Pick<KeyStore, "create" | "list" | "revoke">;
    owner: OwnerCheck;
    requestIdOf: (request: Request) => string;
    /** The OAuth library at one of our own origins. */
    grants: (origin: string) => GrantApi;
    /** LOCAL_COMMAND_KEY: who sends it is the command on this machine. */
    localCommandKey: string | undefined;
  }>;

/** Methods per path, so that a wrong one is told from a path that is not there. */
const METHODS: readonly Readonly<{ path: RegExp; allow: string }>[] = [
  { path: /^\/admin\/api\/config$/, allow: "GET, HEAD, PUT" },
  { path: /^\/admin\/api\/config\/versions$/, allow: "GET, HEAD" },
  { path: /^\/admin\/api\/config\/versions\/[^/]+\/restore$/, allow: "POST" },
  { path: /^\/admin\/api\/keys$/, allow: "GET, HEAD, POST" },
  { path: /^\/admin\/api\/keys\/[^/]+$/, allow: "DELETE" },
  { path: /^\/admin\/api\/users$/, allow: "GET, HEAD, POST" },
  { path: /^\/admin\/api\/users\/[^/]+$/, allow: "GET, HEAD, PATCH, DELETE" },
  { path: /^\/admin\/api\/users\/[^/]+\/invitation$/, allow: "POST" },
  { path: /^\/admin\/api\/backends\/[^/]+\/tools$/, allow: "GET, HEAD" },
  { path: /^\/admin\/api\/backends\/[^/]+\/tools\/decide$/, allow: "POST" },
  { path: /^\/admin\/api\/grants$/, allow: "GET, HEAD" },
  { path: /^\/admin\/api\/grants\/[^/]+$/, allow: "DELETE" },
  { path: /^\/admin\/api\/audit(\.jsonl|\/live)?$/, allow: "GET, HEAD" },
];

/** What the plain JSON surfaces say otherwise: here the config is the request, not our trouble. */
const OWN_STATUS: Partial<Record<ErrorCode, number>> = { config_invalid: 422 };

/** The owner's JSON under `/admin/api`. */
export function createAdminRoutes(needs: AdminNeeds): Hono {
  const { registry, keys, now } = needs;
  const routes = new Hono();

  routes.use("/admin/api/*", async (c, next) => {
    await next();
    // Configs and keys belong in no cache, and are never anything but JSON.
    c.header("cache-control", "no-store");
    c.header("x-content-type-options", "nosniff");
    // An error has its own, the one its body names.
    if (!c.res.headers.has("x-request-id")) {
      c.header("x-request-id", needs.requestIdOf(c.req.raw));
    }
  });
  routes.use("/admin/api/*", async (c, next) => {
    await requireOwner(needs.owner, c.req.raw, requireOwnOrigin(needs.ownOrigin, c.req.raw));
    await next();
  });

  routes.get("/admin/api/config", async (c) => {
    const asked = c.req.query("version");
    const stored = await registry().readConfig(
      asked === undefined ? undefined : parseVersion(asked),
    );
    const { version, at, source, warnings, document } = stored;
    c.header("etag", `"${version}"`);
    return c.json({ version, at, source, warnings, document });
  });

  routes.put("/admin/api/config", async (c) => {
    const request = c.req.raw;
    const expectedVersion = readExpectedVersion(request.headers.get("if-match"));
    const source = (await isLocalCommand(needs, request)) ? "file" : "admin";
    const before = source === "file" ? await registry().readConfig() : undefined;
    const stored = await registry().putConfig({
      text: await readConfigText(request),
      source,
      ...(expectedVersion === undefined ? {} : { expectedVersion }),
    });
    c.header("etag", `"${stored.version}"`);
    const lost = before?.source === "admin" ? await replacedBy(before) : [];
    const warnings = [...lost, ...stored.warnings];
    return c.json({ version: stored.version, at: stored.at, warnings });
  });

  /** The file on this machine wins over what was changed here; nobody loses that unseen. */
  async function replacedBy(before: StoredConfig): Promise<readonly string[]> {
    const after = await registry().readConfig();
    if (JSON.stringify(after.document) === JSON.stringify(before.document)) return [];
    return [
      `The file takes the place of what was changed at /admin; that is version ${before.version} at /admin/config`,
    ];
  }

  routes.get("/admin/api/config/versions", async (c) =>
    c.json({ versions: await registry().listConfigVersions() }),
  );

  routes.post("/admin/api/config/versions/:version/restore", async (c) => {
    const restored = await registry().restoreConfig(parseVersion(c.req.param("version")));
    return c.json({ version: restored.version, at: restored.at, warnings: restored.warnings });
  });

  routes.get("/admin/api/keys", async (c) => {
    const records = await keys.list();
    return c.json({ keys: records.map((record) => describeKey(record, now())) });
  });

  routes.post("/admin/api/keys", async (c) => {
    const wanted = parseKeyRequest(await readJsonBody(c.req.raw), now());
    if (wanted.user !== undefined) await requireUser(needs, wanted.user);
    const { key, record } = await keys.create(wanted);
    return c.json({ key, ...describeKey(record, now()) }, 201);
  });

  routes.delete("/admin/api/keys/:id", async (c) => {
    await keys.revoke(c.req.param("id").slice(0, 100));
    return c.body(null, 204);
  });

  routes.get("/admin/api/grants", async (c) =>
    c.json({
      grants: await listGrants(
        needs.grants(requireOwnOrigin(needs.ownOrigin, c.req.raw)),
        await requireUser(needs, c.req.query("user")),
      ),
    }),
  );

  routes.delete("/admin/api/grants/:id", async (c) => {
    await revokeGrant(
      needs.grants(requireOwnOrigin(needs.ownOrigin, c.req.raw)),
      c.req.param("id"),
      await requireUser(needs, c.req.query("user")),
    );
    return c.body(null, 204);
  });

  routes.route("/", createUserRoutes(needs));
  routes.route("/", createToolRoutes(needs));

  routes.all("/admin/api/*", (c) => {
    const { pathname } = new URL(c.req.url);
    const what = `${c.req.method.slice(0, 20)} ${pathname.slice(0, 200)}`;
    const known = METHODS.find(({ path }) => path.test(pathname));
    if (known === undefined) {
      throw new GatewayError("not_found", `Cannot ${what}: there is no such path`);
    }
    return problemResponse(
      new GatewayError("method_not_allowed", `Cannot ${what}: allowed is ${known.allow}`),
      needs.requestIdOf(c.req.raw),
      { allow: known.allow },
    );
  });

  routes.onError((thrown, c) => {
    const error = asGatewayError(thrown);
    const challenge = error.code === "unauthorized" ? { "www-authenticate": OWNER_CHALLENGE } : {};
    const answer = problemResponse(error, needs.requestIdOf(c.req.raw), challenge);
    const status = OWN_STATUS[error.code] ?? statusOf(error.code);
    return new Response(answer.body, { status, headers: answer.headers });
  });

  return routes;
}

/** The owner where none is named. Throws `not_found`. */
async function requireUser(
  { users }: Pick<AdminNeeds, "users">,
  id: string = OWNER_ID,
): Promise<UserId> {
  if (id === OWNER_ID) return OWNER_ID;
  return userIdOf(await requirePerson(users, id));
}

/** Only the command on this machine may name loopback and private targets. */
async function isLocalCommand({ localCommandKey }: AdminNeeds, request: Request): Promise<boolean> {
  const given = request.headers.get("x-local-command-key");
  if (given === null || localCommandKey === undefined || localCommandKey === "") return false;
  return secretsEqual(given, localCommandKey);
}
