import { Hono } from "hono";
import type { MetricsDoor } from "../auth/metrics-door.ts";
import { OWNER_CHALLENGE } from "../auth/owner.ts";
import type { SnapshotData } from "../config/registry.ts";
import type { SnapshotSource } from "../config/snapshot.ts";
import { asGatewayError } from "../core/errors.ts";
import { GATEWAY_INFO } from "../core/gateway-info.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { problemResponse } from "../http/problem.ts";
import type { AuditStore, Sample } from "../telemetry/audit-store.ts";
import { labelText, metricText } from "../telemetry/metric-text.ts";

export type MetricsNeeds = Readonly<{
  door: MetricsDoor;
  audit: () => Pick<AuditStore, "samples">;
  snapshots: SnapshotSource;
  ownOrigin: (request: Request) => string | undefined;
  requestIdOf: (request: Request) => string;
}>;

/** `GET /metrics`, in the text format of Prometheus. */
export function createMetricsRoutes(needs: MetricsNeeds): Hono {
  const routes = new Hono();
  routes.get("/metrics", async (c) => {
    const request = c.req.raw;
    const context = { waitUntil: (work: Promise<unknown>) => c.executionCtx.waitUntil(work) };
    await needs.door(request, requireOwnOrigin(needs.ownOrigin, request), context);
    const [snapshot, counted] = await Promise.all([
      needs.snapshots.current(context),
      needs.audit().samples(),
    ]);
    return c.body(metricText([...gauges(snapshot), ...counted]), 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
      "cache-control": "no-store",
      "x-request-id": needs.requestIdOf(request),
    });
  });
  routes.onError((thrown, c) => {
    const error = asGatewayError(thrown);
    const challenge = error.code === "unauthorized" ? { "www-authenticate": OWNER_CHALLENGE } : {};
    return problemResponse(error, needs.requestIdOf(c.req.raw), challenge);
  });
  return routes;
}

function gauges({ config, reports }: SnapshotData): readonly Sample[] {
  const ofBackends = config.backends.flatMap(({ name }) => {
    const report = reports[name];
    const isUp = report?.state === "ready";
    const labels = labelText({ backend: name });
    return [
      { name: "gateway_backend_up", labels, value: isUp ? 1 : 0 },
      { name: "gateway_backend_tools", labels, value: report?.counts.tools ?? 0 },
    ];
  });
  const labels = labelText({ version: GATEWAY_INFO.version });
  return [{ name: "gateway_build_info", labels, value: 1 }, ...ofBackends];
}
