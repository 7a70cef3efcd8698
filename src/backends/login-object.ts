import { DurableObject } from "cloudflare:workers";
import type { WayOut } from "../core/way-out.ts";

/** What this object needs of its Worker's environment. */
export type LoginEnv = WayOut & Readonly<{ ENCRYPTION_KEY?: string }>;

/** The login of one holder at one backend: its tokens, and how they are got and renewed. */
export class LoginObject extends DurableObject<LoginEnv> {}
