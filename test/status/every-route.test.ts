import { beforeAll, expect, test } from "vitest";
import { createAdminPages } from "../../src/admin/admin-pages.tsx";
import { createAdminRoutes } from "../../src/admin/admin-routes.ts";
import { createAuditRoutes } from "../../src/admin/audit-routes.ts";
import { parseBackendName } from "../../src/config/backend-name.ts";
import { DEFAULT_OPENAPI } from "../../src/config/openapi-config.ts";
import { createConnectRoutes } from "../../src/connect/connect-routes.ts";
import { createOAuthRoutes } from "../../src/oauth/oauth-routes.ts";
import { createOpenaiRoutes } from "../../src/openai/openai-routes.ts";
import { type RestPage, readRestPath } from "../../src/openapi/rest-path.ts";
import { createMeRoutes } from "../../src/me/me-routes.tsx";
import { createMetricsRoutes } from "../../src/status/metrics-routes.ts";
import { createStatusRoutes } from "../../src/status/status-routes.ts";
// The linter does not know Vite's suffix for "as text".
// oxlint-disable-next-line import/default
import compositionRoot from "../../src/compose/create-routes.ts?raw";
import { configure, send } from "../support/worker.ts";

/** Made for their lists of paths only; requests go to the real Worker. */
const NOTHING = {} as never; // oxlint-disable-line no-unsafe-type-assertion
const SURFACES = {
  createConnectRoutes,
  createAdminRoutes,
  createAuditRoutes,
  createMetricsRoutes,
  createOAuthRoutes,
  createOpenaiRoutes,
  createStatusRoutes,
};
/** Asked before a credential is. */
const NO_SUCH_METHOD = /^(POST|PUT|PATCH|DELETE|OPTIONS) \/metrics 404$/;
/** For people: who is not signed in is led to where that is done. */
const PAGES = { createAdminPages, createMeRoutes };
/** Where somebody signs in, and where they come back to. */
const BEFORE_A_SESSION =
  /^\/me\/(sign-in|sign-out|join|callback)(\/|$)|^\/oauth\/backend\/.*\/(callback|client\.json)$/;
/** REST has every path that no other surface has. */
const REST_PATHS = [
  "/",
  "/docs",
  "/openapi.json",
  "/api/config",
  "/system",
  "/:backend",
  "/:backend/docs",
  "/:backend/openapi.json",
  "/:backend/api/config",
  "/:backend/system",
  "/:backend/resources",
  "/:backend/resources/test://one",
  "/:backend/prompts",
  "/:backend/prompts/one",
  "/:backend/get_current_time",
  "/:backend/:none",
  "/gateway/get_result",
  "/nothing/here",
];
const PATHS = [
  "/mcp",
  "/mcp/:backend",
  ...REST_PATHS,
  ...Object.values(SURFACES).flatMap((create) => create(NOTHING).routes.map(({ path }) => path)),
];

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** What answers without a credential: life, discovery, and the OAuth protocol before it gives one. */
const PUBLIC = [/^\/health$/, /^\/\.well-known\/oauth-/, /^\/\.well-known\/openid-/];
const BEFORE_A_CREDENTIAL = /^(\/oauth)?\/(register|authorize|token|revoke)$/;

function concrete(path: string): string {
  return path
    .replaceAll(/:version/g, "1")
    .replaceAll(/:\w+(\{[^/]*\})?/g, "time")
    .replaceAll("*", "anything");
}

beforeAll(() => configure({ mcpServers: { time: { builtin: "time" } } }));

test("knows every surface the Worker is made of", () => {
  const used = [...compositionRoot.matchAll(/\.route\(\s*"\/",\s*(create\w+)/g)].map(
    ([, name]) => name,
  );
  expect(new Set(used)).toEqual(new Set(Object.keys({ ...SURFACES, ...PAGES })));
});

test("answers 401 without a credential on every route but life and discovery", async () => {
  const guarded = [...new Set(PATHS.map(concrete))].filter(
    (path) => !PUBLIC.some((open) => open.test(path)) && !BEFORE_A_CREDENTIAL.test(path),
  );
  expect(guarded.length).toBeGreaterThan(15);
  const answers = await Promise.all(
    guarded.flatMap((path) =>
      METHODS.map(async (method) => `${method} ${path} ${(await send(path, { method })).status}`),
    ),
  );
  expect(
    answers.filter((answer) => !answer.endsWith(" 401") && !NO_SUCH_METHOD.test(answer)),
  ).toEqual([]);
});

test("leads a stranger from every page to the one to sign in on, and nowhere else", async () => {
  const pages = Object.values(PAGES).flatMap((create) =>
    create(NOTHING).routes.map(({ path, method }) => ({ path: concrete(path), method })),
  );
  const guarded = pages.filter(({ path }) => !BEFORE_A_SESSION.test(path));
  expect(guarded.length).toBeGreaterThan(25);
  const answers = await Promise.all(
    guarded.map(async ({ path, method }) => {
      const { status, headers } = await send(path, { method });
      return `${method} ${path} ${status} ${headers.get("location")?.split("?")[0]}`;
    }),
  );
  expect(answers.filter((answer) => !answer.endsWith(" 303 /me/sign-in"))).toEqual([]);
});

test("walks every kind of path that REST has", () => {
  const kinds = {
    home: true,
    docs: true,
    document: true,
    features: true,
    system: true,
    resources: true,
    prompts: true,
  } satisfies Record<RestPage["kind"], true>;
  const names = new Map([["time", parseBackendName("time")]]);
  const walked = REST_PATHS.map(concrete).map((path) =>
    readRestPath(path, { config: DEFAULT_OPENAPI, names }),
  );
  expect(new Set(walked.flatMap(({ page }) => page?.kind ?? []))).toEqual(
    new Set(Object.keys(kinds)),
  );
  expect(walked.some(({ tool }) => tool !== undefined)).toBe(true);
});

test("has nothing at the addresses other gateways leave open", async () => {
  const paths = [
    "/dashboard",
    "/dashboard/status",
    "/users",
    "/users/create",
    "/keys",
    "/keys/revoke",
    "/metrics",
    "/config",
    "/api/config",
    "/.env",
    "/.dev.vars",
    "/wrangler.toml",
  ];
  const statuses = await Promise.all(paths.map(async (path) => (await send(path)).status));
  expect(statuses.filter((status) => status !== 401 && status !== 404)).toEqual([]);
});
