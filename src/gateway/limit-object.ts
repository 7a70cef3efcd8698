import { DurableObject } from "cloudflare:workers";

/** It needs nothing of the environment. */
type Env = object;

/** Counts for one subject: what is under way, in this minute, and today. */
export class LimitObject extends DurableObject<Env> {}
