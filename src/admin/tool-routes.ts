import { Hono } from "hono";
import type { BackendStub } from "../backends/backend-stub.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import type { BackendConfig } from "../config/gateway-config.ts";
import type { Registry } from "../config/registry.ts";
import { trustOf } from "../config/trust-of.ts";
import { GatewayError } from "../core/errors.ts";
import { release } from "../core/outcome.ts";
import { readJsonBody } from "../http/json-body.ts";
import { describeTools, digestOfReviews } from "./described-tools.ts";
import { parseDecision, verdictsOf } from "./tool-request.ts";
import { findWaiting } from "./waiting-tools.ts";

export type ToolRouteNeeds = Readonly<{
  registry: () => Registry;
  /** The object of a backend of the config. */
  backend: (name: string) => Pick<BackendStub, "listing" | "reviews" | "decide">;
  /** PUBLIC_URL: what is at the gateway's own host is the owner's. */
  publicUrl: string | undefined;
}>;

/** `/admin/api/backends/{name}/tools`: what is served of a backend. Whoever gets here is the owner. */
export function createToolRoutes({ registry, backend, publicUrl }: ToolRouteNeeds): Hono {
  const routes = new Hono();

  routes.get("/admin/api/backends/:name/tools", async (c) => {
    const { order, backends } = await requireOrder(registry(), c.req.param("name"));
    const { name, disabledTools } = order.config;
    const reviews = await findWaiting(name, { backend, backends });
    const listing = await backend(name).listing();
    return c.json({
      backend: name,
      trust: trustOf(order, publicUrl),
      seen: await digestOfReviews(reviews),
      tools: describeTools({ listing, reviews, disabledTools }),
    });
  });

  routes.post("/admin/api/backends/:name/tools/decide", async (c) => {
    const { order } = await requireOrder(registry(), c.req.param("name"));
    const decision = parseDecision(await readJsonBody(c.req.raw));
    const stub = backend(order.config.name);
    const verdicts = await verdictsOf(decision, await stub.reviews(), digestOfReviews);
    release(await stub.decide(verdicts));
    return c.body(null, 204);
  });

  return routes;
}

type Known = Readonly<{ order: BackendOrder; backends: readonly BackendConfig[] }>;

async function requireOrder(registry: Registry, name: string): Promise<Known> {
  const snapshot = await registry.snapshot(-1);
  if (snapshot === "unchanged") throw new TypeError("no change comes before the first one");
  const { configVersion, privateOrigins } = snapshot;
  const { backends } = snapshot.config;
  const config = backends.find((one) => one.name === name);
  if (config !== undefined) return { order: { config, configVersion, privateOrigins }, backends };
  throw new GatewayError("not_found", `Cannot find backend "${name.slice(0, 100)}"`);
}
