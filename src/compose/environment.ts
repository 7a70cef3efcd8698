import type { KeyMirror } from "../auth/key-store.ts";
import type { ClientKv } from "../auth/client-store.ts";
import type { KeyedTexts } from "../auth/oauth-kv.ts";
import type { TokenJudge } from "../auth/token-validator.ts";
import type { GrantRoom } from "../auth/grant-object.ts";
import type { BackendStub } from "../backends/backend-stub.ts";
import type { LoginStub } from "../backends/login-stub.ts";
import type { WayOut } from "../core/way-out.ts";
import type { SearchStub } from "../catalog/search-stub.ts";
import type { RegistryRpc } from "../config/registry.ts";
import type { LimitStub } from "../gateway/limit-stub.ts";
import type { CallerStub } from "../mcp/caller-stub.ts";
import type { TokenOffice } from "../oauth/oauth-needs.ts";
import type { AuditStore } from "../telemetry/audit-store.ts";
import type { Dataset } from "../telemetry/call-points.ts";

/** The bindings of wrangler.toml, and the variables and secrets the README lists. */
export type Env = WayOut &
  Readonly<{
    GATEWAY_KV: ClientKv & KeyMirror;
    REGISTRY: Objects<RegistryRpc>;
    BACKENDS: Objects<BackendStub>;
    GRANTS: Objects<KeyedTexts & TokenOffice & TokenJudge & GrantRoom>;
    AUDIT: Objects<AuditStore>;
    CALLERS: Objects<CallerStub>;
    LOGINS: Objects<LoginStub>;
    LIMITS: Objects<LimitStub>;
    SEARCH: Objects<SearchStub>;
    PUBLIC_URL?: string;
    OWNER_PASSWORD?: string;
    ENCRYPTION_KEY?: string;
    GATEWAY_API_KEY?: string;
    /** A key too short for GATEWAY_API_KEY; only the local command sets it. */
    LOOPBACK_API_KEY?: string;
    /** Only where the local command serves the gateway. */
    LOCAL_COMMAND_KEY?: string;
    LOG_LEVEL?: string;
    /** A dataset of Workers Analytics Engine, where the owner wants one. */
    ANALYTICS?: Dataset;
  }>;

/** A namespace of objects by what they answer; their classes are bound in wrangler.toml. */
type Objects<Rpc> = Readonly<{ getByName: (name: string) => Rpc }>;
