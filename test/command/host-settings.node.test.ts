import { expect, test } from "vitest";
import { parseHostSettings, readHostSettings } from "../../src/command/host-settings.ts";
import { PROJECT } from "../../src/shell/project-files.ts";
import { installConfig } from "../../src/command/wrangler-config.ts";

test("takes every binding of wrangler.toml", async () => {
  const settings = await readHostSettings(PROJECT.wranglerToml);
  expect(settings.kv).toEqual([{ binding: "GATEWAY_KV", id: "local" }]);
  expect(settings.objects.map(({ binding }) => binding)).toContain("REGISTRY");
  expect(settings.objects.every(({ sqlite }) => sqlite)).toBe(true);
  expect(settings.compatibilityFlags).toContain("enable_request_signal");
});

test("refuses a binding that npm start would silently leave out", () => {
  const config = { name: "gate", compatibility_date: "2026-10-01", r2_buckets: [{ binding: "B" }] };
  expect(() => parseHostSettings(config)).toThrow("wrangler.toml: r2_buckets");
});

test("starts without the dataset that a deployed gateway may have", () => {
  const dataset = { binding: "ANALYTICS", dataset: "mcp_gateway" };
  const config = { name: "gate", compatibility_date: "2026-10-01" };
  expect(parseHostSettings({ ...config, analytics_engine_datasets: [dataset] })).toEqual(
    parseHostSettings(config),
  );
});

test("knows an object without SQLite", () => {
  const settings = parseHostSettings({
    name: "gate",
    compatibility_date: "2026-10-01",
    durable_objects: { bindings: [{ name: "OLD", class_name: "Old" }] },
    migrations: [{ tag: "v1", new_classes: ["Old"] }],
  });
  expect(settings.objects).toEqual([{ binding: "OLD", className: "Old", sqlite: false }]);
});

test("adds an installation's own data and keeps the rest", () => {
  const config = {
    main: "src/index.ts",
    name: "gate",
    vars: { A: "1" },
    kv_namespaces: [{ binding: "GATEWAY_KV", id: "local" }],
    observability: { enabled: true },
  };
  expect(
    installConfig(config, { kv: { GATEWAY_KV: "abc" }, vars: { B: "2" }, domain: "a.example" }),
  ).toEqual({
    ...config,
    vars: { A: "1", B: "2" },
    kv_namespaces: [{ binding: "GATEWAY_KV", id: "abc" }],
    routes: [{ pattern: "a.example", custom_domain: true }],
  });
});
