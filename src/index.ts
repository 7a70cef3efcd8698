import { createApp, type App, type Env } from "./app.ts";

export { GrantObject } from "./auth/grant-object.ts";
export { BackendObject } from "./backends/backend-object.ts";
export { RegistryObject } from "./config/registry-object.ts";
export { AuditObject } from "./telemetry/audit-object.ts";

/** One app per isolate; the environment is the same for all of its requests. */
let app: App | undefined;

export default {
  fetch(request, env, execution) {
    app ??= createApp(env);
    return app(request, execution);
  },
} satisfies ExportedHandler<Env>;
