import { Hono } from "hono";
import type { BackendStub } from "../backends/backend-stub.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import type { Registry } from "../config/registry.ts";
import { trustOf } from "../config/trust-of.ts";
import { GatewayError } from "../core/errors.ts";
import { release } from "../core/outcome.ts";
import { readJsonBody } from "../http/json-body.ts";
import { describeTools, digestOfReviews } from "./described-tools.ts";
import { parseDecision, verdictsOf } from "./tool-request.ts";

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
    const order = await requireOrder(registry(), c.req.param("name"));
    const { name, disabledTools } = order.config;
    const [listing, reviews] = await Promise.all([
      backend(name).listing(),
      backend(name).reviews(),
    ]);
    return c.json({
      backend: name,
      trust: trustOf(order, publicUrl),
      seen: await digestOfReviews(reviews),
      tools: describeTools({ listing, reviews, disabledTools }),
    });
  });

  routes.post("/admin/api/backends/:name/tools/decide", async (c) => {
    const { config } = await requireOrder(registry(), c.req.param("name"));
    const decision = parseDecision(await readJsonBody(c.req.raw));
    const stub = backend(config.name);
    const verdicts = await verdictsOf(decision, await stub.reviews(), digestOfReviews);
    release(await stub.decide(verdicts));
    return c.body(null, 204);
  });

  return routes;
}

async function requireOrder(registry: Registry, name: string): Promise<BackendOrder> {
  const snapshot = await registry.snapshot(-1);
  if (snapshot === "unchanged") throw new TypeError("no change comes before the first one");
  const { configVersion, privateOrigins } = snapshot;
  const config = snapshot.config.backends.find((one) => one.name === name);
  if (config !== undefined) return { config, configVersion, privateOrigins };
  throw new GatewayError("not_found", `Cannot find backend "${name.slice(0, 100)}"`);
}
