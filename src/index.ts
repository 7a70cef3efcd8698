import { DurableObject } from "cloudflare:workers";
export class RegistryObject extends DurableObject {}
export class BackendObject extends DurableObject {}
export class GrantObject extends DurableObject {}
export class AuditObject extends DurableObject {}
export default { fetch: () => new Response("hello") };
