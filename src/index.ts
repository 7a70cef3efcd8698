import { DurableObject } from "cloudflare:workers";
export { RegistryObject } from "./config/registry-object.ts";
export { BackendObject } from "./backends/backend-object.ts";
export { GrantObject } from "./auth/grant-object.ts";
export { AuditObject } from "./telemetry/audit-object.ts";
export default { fetch: () => new Response("hello") };
