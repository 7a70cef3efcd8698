import { DurableObject } from "cloudflare:workers";

/** It needs nothing of the environment. */
type Env = object;

/** Finds tools of listings by what they do. */
export class SearchObject extends DurableObject<Env> {}
