import type * as worker from "../../src/index.ts";
import type { Env as AppEnv } from "../../src/app.ts";
import type { GrantObject } from "../../src/auth/grant-object.ts";
import type { LimitObject } from "../../src/gateway/limit-object.ts";
import type { BackendObject } from "../../src/backends/backend-object.ts";
import type { RegistryObject } from "../../src/config/registry-object.ts";
import type { SearchObject } from "../../src/catalog/search-object.ts";
import type { AuditObject } from "../../src/telemetry/audit-object.ts";

declare global {
  namespace Cloudflare {
    /** The bindings of wrangler.toml, as `env` of "cloudflare:workers" gives them to tests. */
    interface Env extends Omit<AppEnv, keyof Bindings>, Bindings {}
    interface GlobalProps {
      mainModule: typeof worker;
    }
  }
}

type Bindings = {
  GATEWAY_KV: KVNamespace;
  REGISTRY: DurableObjectNamespace<RegistryObject>;
  BACKENDS: DurableObjectNamespace<BackendObject>;
  GRANTS: DurableObjectNamespace<GrantObject>;
  AUDIT: DurableObjectNamespace<AuditObject>;
  LIMITS: DurableObjectNamespace<LimitObject>;
  SEARCH: DurableObjectNamespace<SearchObject>;
};
