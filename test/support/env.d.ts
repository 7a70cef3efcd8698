import type { Env } from "../../src/app.ts";

declare global {
  namespace Cloudflare {
    // The bindings of wrangler.toml, as `env` of "cloudflare:workers" gives them to tests.
    interface Env extends AppEnv {}
  }
}

type AppEnv = Env;
