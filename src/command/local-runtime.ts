import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type * as miniflareTypes from "miniflare";
import type { MiniflareOptions, V4ModuleDefinition } from "miniflare";
import { CommandFailure } from "../shell/command-failure.ts";
import { requireHeavyModule } from "./heavy-package.ts";
import { portInUse } from "./listen-address.ts";
import { findChildren, openOrphanGuard } from "../shell/orphan-guard.ts";
import type { WorkerBundle } from "./worker-bundle.ts";

export type Variables = Readonly<Record<string, string>>;

export type RuntimeOptions = Readonly<{
  bundle: WorkerBundle;
  variables: Variables;
  host: string;
  port: number;
  /** Where KV and the objects are kept. */
  state: string;
  onLog: (level: string, message: string) => void;
}>;

export type LocalRuntime = Readonly<{
  /** The same Worker with other variables: a new process on the same port and state. */
  restart: (variables: Variables) => Promise<void>;
  stop: () => Promise<void>;
  /** Never: a runtime that crashes is started again. */
  ended: Promise<string>;
}>;

const MODULE_TYPES: ReadonlyMap<string, V4ModuleDefinition["type"]> = new Map([
  [".js", "ESModule"],
  // What wrangler leaves beside the one bundled module: see its rules in wrangler.toml.
  [".mjs", "Text"],
  [".wasm", "CompiledWasm"],
  [".txt", "Text"],
  [".html", "Text"],
  [".sql", "Text"],
  [".bin", "Data"],
]);

/**
 * The Worker on workerd, KV and objects on disk. Callers talk to the Worker's own socket: through
 * the development proxy, the usual way in, it would serve a third of the requests.
 */
export async function openLocalRuntime(options: RuntimeOptions): Promise<LocalRuntime> {
  const miniflare = await loadMiniflare();
  const modules = readModules(options.bundle);
  const listeners = rememberSignalListeners();
  const guard = openOrphanGuard();
  const guardRuntime = (): void => guard.watch(findChildren("workerd"));
  const onRestart = (): void => {
    guardRuntime();
    options.onLog("warn", "The runtime crashed and was started again");
  };
  const optionsWith = (variables: Variables): MiniflareOptions =>
    miniflareOptions(miniflare, options, { modules, variables, onRestart });
  const runtime = new miniflare.Miniflare(optionsWith(options.variables));
  try {
    await runtime.ready;
  } catch (error) {
    guard.release();
    await runtime.dispose().catch(() => {}); // it never came up
    throw startProblem(error, { port: options.port, miniflare });
  }
  // Its handlers exit at once and with another code; stopping is our caller's decision.
  listeners.removeNew();
  guardRuntime();
  return {
    ended: new Promise(() => {}),
    restart: async (variables) => {
      await runtime.setOptions(optionsWith(variables));
      guardRuntime();
    },
    stop: async () => {
      await runtime.dispose();
      guard.release();
    },
  };
}

type MiniflareModule = typeof miniflareTypes;

/** Beside us in a checkout; an installed command has to find or fetch it. */
async function loadMiniflare(): Promise<MiniflareModule> {
  const module: unknown = await import(await requireHeavyModule("miniflare"));
  if (typeof module === "object" && module !== null && "Miniflare" in module) {
    // It is the version whose types these are: the exact one is asked for.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return module as MiniflareModule;
  }
  throw new CommandFailure("Cannot start: miniflare is there, and is not what it should be");
}

function miniflareOptions(
  { convertV4MiniflareOptions, Log, LogLevel }: MiniflareModule,
  { bundle, host, port, state, onLog }: RuntimeOptions,
  running: { modules: V4ModuleDefinition[]; variables: Variables; onRestart: () => void },
): MiniflareOptions {
  const { settings } = bundle;
  return convertV4MiniflareOptions({
    name: settings.name,
    modules: running.modules,
    compatibilityDate: settings.compatibilityDate,
    compatibilityFlags: settings.compatibilityFlags,
    bindings: { ...settings.vars, ...running.variables },
    kvNamespaces: Object.fromEntries(settings.kv.map(({ binding, id }) => [binding, id])),
    durableObjects: Object.fromEntries(
      settings.objects.map(({ binding, className, sqlite }) => [
        binding,
        { className, useSQLite: sqlite },
      ]),
    ),
    // Straight to the network, LAN and loopback included: see src/backends/way-out.ts.
    serviceBindings: {
      OUTBOUND: {
        network: { allow: ["public", "private"], tlsOptions: { trustBrowserCas: true } },
      },
    },
    unsafeDirectSockets: [{ host, port }],
    // The entry of the development proxy: nobody uses it, so it gets any free port of this machine.
    host: "127.0.0.1",
    port: 0,
    // The layout of wrangler dev, so that both see the same state.
    resourcePersistencePath: join(state, "v3"),
    cf: false,
    telemetry: { enabled: false },
    unsafeLocalExplorer: false,
    unsafeObservability: false,
    log: new Log(LogLevel.NONE),
    unsafeHandleRuntimeRestart: running.onRestart,
    handleStructuredLogs: ({ level, message }) => onLog(level, message),
  });
}

function readModules({ folder, main }: WorkerBundle): V4ModuleDefinition[] {
  const others = readdirSync(folder).filter((name) => name !== main);
  // The first module is the entry.
  return [main, ...others].flatMap((name) => {
    const type = MODULE_TYPES.get(extname(name));
    if (type === undefined) return []; // source map, notes
    const contents = readFileSync(join(folder, name));
    return [{ type, path: name, contents: type === "ESModule" ? contents.toString() : contents }];
  });
}

function startProblem(
  error: unknown,
  { port, miniflare }: Readonly<{ port: number; miniflare: MiniflareModule }>,
): CommandFailure {
  if (error instanceof miniflare.MiniflareCoreError && error.code === "ERR_ADDRESS_IN_USE") {
    return portInUse(port);
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new CommandFailure(`Cannot start: ${reason}`, undefined, { cause: error });
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function rememberSignalListeners(): { removeNew: () => void } {
  const before = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]));
  return {
    removeNew: () => {
      for (const signal of SIGNALS) {
        for (const listener of process.listeners(signal)) {
          if (before.get(signal)?.includes(listener) !== true) process.off(signal, listener);
        }
      }
    },
  };
}
