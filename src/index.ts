import { waitUntil } from "cloudflare:workers";
import { createApp, type App } from "./app.ts";
import { createMiddle, type Middle } from "./compose/create-middle.ts";
import type { Env } from "./compose/environment.ts";
import { GatewayError } from "./core/errors.ts";
import { CallerObjectBase } from "./mcp/caller-object.ts";

export { GrantObject } from "./auth/grant-object.ts";
export { LoginObject } from "./backends/login-object.ts";
export { SearchObject } from "./catalog/search-object.ts";
export { LimitObject } from "./gateway/limit-object.ts";
export { BackendObject } from "./backends/backend-object.ts";
export { RegistryObject } from "./config/registry-object.ts";
export { AuditObject } from "./telemetry/audit-object.ts";

/** One of each per isolate; the environment is the same for all of its requests. */
let middle: Middle | undefined;
let app: App | undefined;

/** Stands on the same middle as the surfaces, in whichever isolate it lives. */
export class CallerObject extends CallerObjectBase<Env> {
  protected override compose(env: Env): Middle {
    return (middle ??= createMiddle(env, waitUntil));
  }
}

export default {
  fetch(request, env, execution) {
    try {
      middle ??= createMiddle(env, waitUntil);
      app ??= createApp(env, middle);
    } catch (error) {
      // A variable of the Worker that makes no sense: its owner reads this, on the first request.
      if (!(error instanceof GatewayError)) throw error;
      return new Response(`${error.message}\n`, { status: 503 });
    }
    return app(request, execution);
  },
} satisfies ExportedHandler<Env>;
