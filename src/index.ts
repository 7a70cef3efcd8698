import { createApp, type App, type Env } from "./app.ts";
import { GatewayError } from "./core/errors.ts";

export { GrantObject } from "./auth/grant-object.ts";
export { BackendObject } from "./backends/backend-object.ts";
export { RegistryObject } from "./config/registry-object.ts";
export { AuditObject } from "./telemetry/audit-object.ts";

/** One app per isolate; the environment is the same for all of its requests. */
let app: App | undefined;

export default {
  fetch(request, env, execution) {
    try {
      app ??= createApp(env);
    } catch (error) {
      // A variable of the Worker that makes no sense: its owner reads this, on the first request.
      if (!(error instanceof GatewayError)) throw error;
      return new Response(`${error.message}\n`, { status: 503 });
    }
    return app(request, execution);
  },
} satisfies ExportedHandler<Env>;
