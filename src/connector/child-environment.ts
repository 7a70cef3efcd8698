import type { Environment } from "../shell/environment-flags.ts";

/**
 * What a local server must not learn from us: the gateway's own secrets, and those of the account
 * it is deployed with. Whoever wants one of these in a server writes it into the server's `env`.
 */
const SECRET =
  /^(OWNER_PASSWORD|ENCRYPTION_KEY|GATEWAY_API_KEY|LOCAL_COMMAND_KEY|LLM_API_KEY|CLOUDFLARE_.*|CF_API_.*|WRANGLER_.*)$/i;

/** npm's words about the script it runs; another npm in it would take our package for its own. */
const OF_OUR_SCRIPT =
  /^(npm_(lifecycle|package)_.*|npm_(command|execpath|node_execpath|config_local_prefix)|INIT_CWD)$/i;

/** The environment of a local server: ours without what is ours alone, and its own on top. */
export function childEnvironment(inherited: Environment, own: Environment): Environment {
  const passed = Object.entries(inherited).filter(
    ([name]) => !SECRET.test(name) && !OF_OUR_SCRIPT.test(name),
  );
  return { ...Object.fromEntries(passed), ...own };
}
