import { join, resolve } from "node:path";
import { awaitBackends, watchBackends } from "./backend-watch.ts";
import { CommandFailure } from "../shell/command-failure.ts";
import type { ServeOptions } from "./serve-line.ts";
import { createConfigSession, type ConfigSession } from "./config-session.ts";
import { readConfigFile } from "./config-file.ts";
import { readEnvironment, type Environment } from "../shell/environment-flags.ts";
import { readDefaultTimeout, withFlags, type DocumentFlags } from "./flagged-document.ts";
import { createGatewayClient, type GatewayClient } from "./gateway-client.ts";
import { claimPort, isLoopback, localUrl } from "./listen-address.ts";
import { ensureLocalSecrets, readDevVars } from "../shell/local-secrets.ts";
import { oneServerDocument } from "./one-server.ts";
import { LOG_LEVELS, toLogLevel } from "../shell/log-level.ts";
import { PROJECT } from "../shell/project-files.ts";
import { placeShortKey, type PlacedKey } from "./short-key.ts";
import { renderAccess, renderBackends, renderConnecting, renderModels } from "./start-banner.ts";
import { lockState } from "./state-lock.ts";
import { listenForStop } from "../shell/stop-signal.ts";
import { createStartConnector } from "./start-connector.ts";
import { createStyle, oneLine } from "../shell/terminal.ts";
import { withoutCommands } from "./without-commands.ts";
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
  // What is said for this run reaches everything of it: the Worker and local servers.
  const environment = Object.assign(process.env, await readEnvironment(process.env, options));
  const port = await claimPort(options.host, options.port);
  const configText =
    options.server === undefined
      ? await readConfigFile(options.config)
      : oneServerDocument(options.server);
  const flags: DocumentFlags = {
    openapi: options.openapi,
    // A stored config would keep them.
    timeoutSeconds:
      configText === undefined ? undefined : readDefaultTimeout(environment["CONNECTION_TIMEOUT"]),
  };
  const state = options.state === undefined ? PROJECT.state : resolve(options.state);
  const secretsFile = options.state === undefined ? PROJECT.devVars : join(state, ".dev.vars");
  const lock = await lockState(state);
  const secrets = await ensureLocalSecrets(secretsFile);
  const url = localUrl(options.host, port);

  const connector = createStartConnector({
    url,
    localCommandKey: secrets.LOCAL_COMMAND_KEY,
    version,
    path: options.config,
    environment,
    given: options.env,
    devVarsFile: secretsFile,
    isDebugging: options.logLevel === "debug",
    say: (line) => say(style.notice(line)),
  });

  const toGateway = (text: string): string => withoutCommands(withFlags(text, flags)).text;
  const own = isLoopback(options.host) ? url : undefined;
  const given = options.apiKey === undefined ? "GATEWAY_API_KEY" : "--api-key";
  const resolveFor = async (text: string | undefined): Promise<ResolvedVariables & PlacedKey> => {
    const resolved = resolveVariables({
      secrets,
      devVars: await readDevVars(secretsFile),
      env: environment,
      flags: {
        PUBLIC_URL: options.publicUrl,
        GATEWAY_API_KEY: options.apiKey,
        OWNER_PASSWORD: options.ownerPassword,
        LOG_LEVEL: options.logLevel,
      },
      localUrl: own,
      configText: text === undefined ? undefined : toGateway(text),
    });
    const ofServers = text === undefined ? [] : await connector.missingIn(text);
    return {
      ...resolved,
      missing: [...new Set([...resolved.missing, ...ofServers])],
      ...placeShortKey(resolved.variables, { given, localUrl: own }),
    };
  };

  const { variables, missing, warning } = await resolveFor(configText);
  for (const line of [describeExposure(options.host), describeLogLevel(environment), warning]) {
    if (line !== undefined) console.error(style.notice(line));
  }
  for (const note of options.notes) say(style.dim(note));
  const host = await openHost({ variables, host: options.host, port, state, say });
  let session: ConfigSession | undefined;
  let backendWatch: { stop: () => void } | undefined;
  try {
    const ownerPassword = variables["OWNER_PASSWORD"] ?? "";
    const apiKey = variables["GATEWAY_API_KEY"] ?? variables["LOOPBACK_API_KEY"] ?? "";
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
    const document = configText ?? (await readStored(client, flags));
    if (document !== undefined) {
      session = createConfigSession({
        path: options.config,
        text: document,
        variables,
        missing,
        client,
        resolveFor,
        toGateway,
        restart: async (fresh) => {
          await host.restart(fresh);
          await client.waitUntilHealthy(HEALTH_TIMEOUT_MS);
        },
        onInForce: connector.apply,
        say: (line) => say(style.notice(line)),
      });
      await session.applyFirst();
    }
    // Containers hand on variables that nobody has set.
    const named = environment["PUBLIC_URL"] ?? "";
    const publicUrl = options.publicUrl ?? (named === "" ? undefined : named);
    const facts = { version, url, publicUrl, ownerPassword, apiKey };
    say(renderAccess(facts, style));
    const backends = await stopping.orUntil(
      awaitBackends(client, { timeoutMs: BACKENDS_TIMEOUT_MS, coming: connector.coming }),
    );
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
    await Promise.all([
      connector.stop(),
      Promise.race([host.stop(), new Promise((done) => setTimeout(done, STOP_TIMEOUT_MS))]),
    ]);
    lock.release();
  }
}

/** Without a file, flags go over what is stored: nothing, or what the owner has put there. */
async function readStored(
  client: Pick<GatewayClient, "readConfig">,
  { openapi }: DocumentFlags,
): Promise<string | undefined> {
  if (Object.keys(openapi).length === 0) return undefined;
  const stored = await client.readConfig();
  if (stored !== undefined) return stored;
  throw new CommandFailure("Cannot start: the gateway does not tell its stored config");
}

function describeExposure(host: string): string | undefined {
  return isLoopback(host)
    ? undefined
    : `Listening on ${host}: others on the network reach it, and only the API key and the owner password protect it`;
}

function describeLogLevel({ LOG_LEVEL: written = "" }: Environment): string | undefined {
  return written === "" || toLogLevel(written) !== undefined
    ? undefined
    : `LOG_LEVEL: ${JSON.stringify(oneLine(written, 40))}, wanted one of ${LOG_LEVELS.join(", ")}`;
}
