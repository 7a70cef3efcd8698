import { join, resolve } from "node:path";
import { awaitBackends, watchBackends } from "./backend-watch.ts";
import { CommandFailure } from "./command-failure.ts";
import type { ServeOptions } from "./command-line.ts";
import { createConfigSession, type ConfigSession } from "./config-session.ts";
import { readConfigFile } from "./config-file.ts";
import { createGatewayClient } from "./gateway-client.ts";
import { claimPort, isLoopback, localUrl } from "./listen-address.ts";
import { ensureLocalSecrets, readDevVars } from "./local-secrets.ts";
import { oneServerDocument } from "./one-server.ts";
import { PROJECT } from "./project-files.ts";
import { renderAccess, renderBackends, renderConnecting, renderModels } from "./start-banner.ts";
import { lockState } from "./state-lock.ts";
import { listenForStop } from "./stop-signal.ts";
import { createStyle, oneLine } from "./terminal.ts";
import { resolveVariables, type ResolvedVariables } from "./worker-variables.ts";

/** workerd is up in half a second; wrangler dev builds first, on a slow machine for a while. */
const HEALTH_TIMEOUT_MS = 60_000;
/** A backend that takes longer is shown as connecting, and gets its line when it is there. */
const BACKENDS_TIMEOUT_MS = 5_000;
/** People who press Ctrl-C wait about this long before they press again. */
const STOP_TIMEOUT_MS = 2_500;

export type Variables = Readonly<Record<string, string>>;

export type HostNeeds = Readonly<{
  variables: Variables;
  host: string;
  port: number;
  state: string;
  say: (line: string) => void;
}>;

/** What runs the Worker. */
export type Host = Readonly<{
  /** The same Worker with other variables, on the same port and state. */
  restart: (variables: Variables) => Promise<void>;
  stop: () => Promise<void>;
  /** Why it ended by itself, if it ever does. */
  ended: Promise<string>;
}>;

export type OpenHost = (needs: HostNeeds) => Promise<Host>;

function say(line: string): void {
  console.log(line);
}

/** Serves until a signal ends it; the exit code. */
export async function serveGateway(
  options: ServeOptions,
  { version, openHost }: { version: string; openHost: OpenHost },
): Promise<number> {
  const stopping = listenForStop();
  const style = createStyle(process.stdout, process.env);
  const port = await claimPort(options.host, options.port);
  const configText =
    options.server === undefined
      ? await readConfigFile(options.config)
      : oneServerDocument(options.server);
  const state = options.state === undefined ? PROJECT.state : resolve(options.state);
  const secretsFile = options.state === undefined ? PROJECT.devVars : join(state, ".dev.vars");
  const lock = await lockState(state);
  const secrets = await ensureLocalSecrets(secretsFile);
  const url = localUrl(options.host, port);

  const resolveFor = async (text: string | undefined): Promise<ResolvedVariables> =>
    resolveVariables({
      secrets,
      devVars: await readDevVars(secretsFile),
      env: process.env,
      flags: {
        PUBLIC_URL: options.publicUrl,
        GATEWAY_API_KEY: options.apiKey,
        OWNER_PASSWORD: options.ownerPassword,
      },
      localUrl: isLoopback(options.host) ? url : undefined,
      configText: text,
    });

  if (!isLoopback(options.host)) {
    const warning = `Listening on ${options.host}: others on the network reach it, and only the API key and the owner password protect it`;
    console.error(style.notice(warning));
  }
  const { variables, missing } = await resolveFor(configText);
  const host = await openHost({ variables, host: options.host, port, state, say });
  let session: ConfigSession | undefined;
  let backendWatch: { stop: () => void } | undefined;
  try {
    const ownerPassword = variables["OWNER_PASSWORD"] ?? "";
    const apiKey = variables["GATEWAY_API_KEY"] ?? "";
    const client = createGatewayClient({
      url,
      apiKey,
      ownerPassword,
      localCommandKey: secrets.LOCAL_COMMAND_KEY,
    });
    const healthy = await stopping.orUntil(
      Promise.race([client.waitUntilHealthy(HEALTH_TIMEOUT_MS), host.ended]),
    );
    if (stopping.requested) return 0;
    if (healthy !== true) {
      throw new CommandFailure(`Cannot start: ${healthy || `${url}/health did not answer`}`);
    }
    if (configText !== undefined) {
      session = createConfigSession({
        path: options.config,
        text: configText,
        variables,
        missing,
        client,
        resolveFor,
        restart: async (fresh) => {
          await host.restart(fresh);
          await client.waitUntilHealthy(HEALTH_TIMEOUT_MS);
        },
        say: (line) => say(style.notice(line)),
      });
      await session.applyFirst();
    }
    const given = options.publicUrl ?? process.env["PUBLIC_URL"];
    const facts = { version, url, publicUrl: given, ownerPassword, apiKey };
    say(renderAccess(facts, style));
    const backends = await stopping.orUntil(awaitBackends(client, BACKENDS_TIMEOUT_MS));
    if (!stopping.requested) {
      say(renderBackends(backends, style));
      say(renderModels(await client.readModels(), style));
      say(`${renderConnecting(facts, style)}\n`);
      session?.watch();
      backendWatch = watchBackends(client, {
        known: backends ?? [],
        say: (line) => say(oneLine(line)),
      });
    }
    const reason = await stopping.orUntil(host.ended);
    if (reason !== undefined) throw new CommandFailure(`Cannot go on: ${reason}`);
    return 0;
  } finally {
    session?.stop();
    backendWatch?.stop();
    await Promise.race([host.stop(), new Promise((done) => setTimeout(done, STOP_TIMEOUT_MS))]);
    lock.release();
  }
}
