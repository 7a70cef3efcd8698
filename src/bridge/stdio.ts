import { DEFAULT_MODEL_HEADER } from "../core/default-model.ts";
import { CommandFailure, EXIT_REFUSED } from "../shell/command-failure.ts";
import { createGatewayDoor, keyCredentials, type Credentials } from "./gateway-door.ts";
import { createGatewaySender } from "./gateway-sender.ts";
import { LineReader } from "../shell/line-reader.ts";
import { createLineWriter } from "./line-writer.ts";
import { createStdioBridge, type StdioBridge } from "./stdio-bridge.ts";
import type { StdioOptions } from "./stdio-line.ts";
import { createStdioLog } from "./stdio-log.ts";
import { readStdioSettings, type StdioSettings } from "./stdio-settings.ts";
import { NoAnswer } from "./stdio-errors.ts";
import { listenForStop, type Stopping } from "../shell/stop-signal.ts";

/** A little more than the 4 MiB the gateway takes, which says so itself. */
const MAX_LINE = 5 * 1024 * 1024;
/** A pipe that ends behind its last question still wants the answers. */
const DRAIN_MS = 60_000;
const PARENT_CHECK_MS = 500;
const FLUSH_MS = 1_000;

/**
 * MCP over stdin and stdout for clients that only start processes, passed on to a gateway. It ends
 * with its stdin or a signal and with nothing else.
 */
export async function stdio(options: StdioOptions, version: string): Promise<number> {
  const parent = process.ppid;
  const settings = readStdioSettings(options, process.env);
  const stopping = listenForStop();
  process.stderr.on("error", () => {}); // a log that nobody reads ends nothing
  const log = createStdioLog(settings.logLevel, (text) => process.stderr.write(text));
  const credentials = await chooseCredentials(settings, options);
  if (options.login) return signInNow(settings, { credentials, stopping });

  const sender = createGatewaySender(settings.endpoint);
  const door = createGatewayDoor({
    sender,
    credentials,
    headers: {
      "user-agent": `mcp-edge-gateway-stdio/${version}`,
      ...(settings.defaultModel === undefined
        ? {}
        : { [DEFAULT_MODEL_HEADER]: settings.defaultModel }),
    },
    maxRetries: settings.maxRetries,
    log,
  });
  const { promise: unread, resolve: tellUnread } = Promise.withResolvers<void>();
  const writer = createLineWriter(process.stdout, tellUnread);
  const bridge = createStdioBridge({
    door,
    write: writer.write,
    timeoutMs: settings.timeoutMs,
    log,
  });
  log.info(`speaks to ${settings.endpoint.href}`);

  try {
    const ended = readLines(bridge.read, bridge.readTooLong);
    await Promise.race([stopping.promise, unread, ended]);
    if (!stopping.requested)
      await Promise.race([stopping.promise, unread, drainedInTime(bridge, parent)]);
  } finally {
    process.stdin.destroy();
    await bridge.stop();
    await writer.flush(FLUSH_MS);
    sender.close();
  }
  return 0;
}

/** Resolves when stdin ends. */
function readLines(
  onLine: (line: string) => void,
  onTooLong: (head: string, tail: string) => void,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const lines = new LineReader(MAX_LINE, { onLine, onTooLong });
  process.stdin
    .setEncoding("utf8")
    .on("data", (text: string) => lines.read(text))
    .once("end", () => {
      lines.end();
      resolve();
    })
    .once("error", () => resolve());
  return promise;
}

/** A client that was killed leaves a closed stdin as well, and nobody who reads. */
async function drainedInTime(bridge: StdioBridge, parent: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const check = (): void => {
    if (process.ppid !== parent) resolve();
  };
  check();
  const late = setTimeout(resolve, DRAIN_MS);
  const orphaned = setInterval(check, PARENT_CHECK_MS);
  await Promise.race([bridge.drained(), promise]);
  clearTimeout(late);
  clearInterval(orphaned);
}

/** The key, or what a person allows in a browser. */
async function chooseCredentials(
  { key, endpoint }: StdioSettings,
  options: StdioOptions,
): Promise<Credentials> {
  if (key !== undefined && options.login) {
    throw new CommandFailure("Cannot sign in: a key is given, and no login is needed with it");
  }
  if (key !== undefined) return keyCredentials(key);
  // Most have a key, and start without any of this.
  const [{ createLoginCredentials }, { openLoginStore, LOGIN_MS }, { openBrowser }] =
    await Promise.all([
      import("./login-credentials.ts"),
      import("./login-store.ts"),
      import("./open-browser.ts"),
    ]);
  const store = await openLoginStore(endpoint, process.env);
  if (options.noLogin && (await store.read()) === undefined) {
    throw new CommandFailure(
      "Cannot start: no key and no login, set GATEWAY_API_KEY or sign in with --login",
      EXIT_REFUSED,
    );
  }
  const show = (url: string): void => {
    process.stderr.write(`Sign in to the gateway in the browser that opens, or at ${url}\n`);
    openBrowser(url, process.env["BROWSER"]);
  };
  return createLoginCredentials({
    endpoint,
    store,
    show: options.noLogin ? undefined : show,
    waitMs: LOGIN_MS,
  });
}

/** `--login`: renews what is there, or asks; then the clients find it. */
async function signInNow(
  { endpoint }: StdioSettings,
  { credentials, stopping }: Readonly<{ credentials: Credentials; stopping: Stopping }>,
): Promise<number> {
  const { signal } = new AbortController();
  try {
    const signedIn = credentials
      .current(signal)
      .then((current) => credentials.renew(current, { signal, challenge: undefined }));
    await stopping.orUntil(signedIn);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    throw new CommandFailure(error.message, EXIT_REFUSED, { cause: error });
  }
  if (!stopping.requested) process.stderr.write(`Signed in at ${endpoint.origin}\n`);
  return 0;
}
