import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createAtOnce } from "../../src/core/at-once.ts";
import { runToEnd } from "../../src/shell/finished-process.ts";
import { listenOnLoopback } from "../support/loopback-server.ts";
import { startGateway, type StartedGateway } from "../support/start-gateway.ts";
import { type Check, readChecks, type Revision, SUITE, toFlags } from "./official-suite.ts";

/** Name of this target, beside those of targets.ts. */
export const CLIENT = "client";

const ROOT = resolve(import.meta.dirname, "../..");
const DRIVER = join(import.meta.dirname, "client-driver.ts");
/** Of the driver: a config change takes up to 5 s to be in force, and an open backend a moment. */
const SCENARIO_TIMEOUT_MS = 20_000;
/** Each has 20 s, of which most is waiting; all at once would be too many for a small machine. */
const SCENARIOS_AT_ONCE = 8;
const LIST_TIMEOUT_MS = 10_000;

export type ClientLane = Readonly<{
  gateway: StartedGateway;
  /** `GET ?backend={name}&url={url}` puts a backend into the config. */
  backends: string;
}>;

/** A gateway of its own, whose config grows by one backend with every scenario. */
export async function openClientLane(cleanup: AsyncDisposableStack): Promise<ClientLane> {
  const folder = await mkdtemp(join(tmpdir(), "conformance-client-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const config = join(folder, "mcp.json");
  const mcpServers: Record<string, object> = {};
  const write = (path: string): Promise<void> => writeFile(path, JSON.stringify({ mcpServers }));
  await write(config);
  // Only the local file may name a server on loopback, which all of the suite's are.
  const door = await listenOnLoopback(async (request, response) => {
    const { searchParams } = new URL(request.url ?? "/", "http://lane");
    const backend = searchParams.get("backend") ?? "";
    const oauth: unknown = JSON.parse(searchParams.get("oauth") ?? "false");
    mcpServers[backend] = { type: "http", url: searchParams.get("url"), oauth };
    await write(`${config}.${backend}`);
    await rename(`${config}.${backend}`, config);
    response.end();
  });
  cleanup.defer(() => door.close());
  const gateway = await startGateway(["--config", config]);
  cleanup.defer(async () => void (await gateway.stop()));
  return { gateway, backends: door.url };
}

/** The suite's scenarios for clients, with the gateway's own client towards backends as the client. */
export async function runClientSuite({
  lane,
  revision,
  scenario: only,
  folder,
}: {
  lane: ClientLane;
  revision: Revision;
  /** Only this one. */
  scenario: string | undefined;
  folder: string;
}): Promise<readonly Check[]> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const scenarios = (await clientScenarios(revision)).filter(
    (scenario) => only === undefined || scenario === only,
  );
  const atOnce = createAtOnce(SCENARIOS_AT_ONCE);
  const runs = scenarios.map((scenario) =>
    atOnce(() => runScenario(lane, { revision, scenario, results: join(folder, scenario) })),
  );
  return (await Promise.all(runs)).flat();
}

async function runScenario(
  { gateway, backends }: ClientLane,
  { revision, scenario, results }: { revision: Revision; scenario: string; results: string },
): Promise<readonly Check[]> {
  await mkdir(results, { recursive: true });
  const { code, stdout, stderr } = await runToEnd({
    program: process.execPath,
    args: [
      SUITE,
      "client",
      ...toFlags({
        command: `${process.execPath} ${DRIVER}`,
        scenario,
        "spec-version": revision,
        timeout: SCENARIO_TIMEOUT_MS,
        "output-dir": results,
      }),
    ],
    cwd: ROOT,
    env: {
      GATEWAY_URL: gateway.url,
      GATEWAY_KEY: gateway.apiKey,
      OWNER_PASSWORD: gateway.ownerPassword,
      GATEWAY_BACKENDS: backends,
    },
    timeoutMs: 2 * SCENARIO_TIMEOUT_MS,
  });
  // The suite takes a slash in the name of a scenario for one of a path.
  const found = await readChecks(join(results, dirname(scenario)));
  const checks = found.map((one) => ({ ...one, scenario }));
  await writeFile(join(results, "output.txt"), stdout + stderr);
  return judgedAlone(scenario, checks, code, stderr);
}

/**
 * There is no direct run to be held to here, so a warning is a failure, as the suite has it, and
 * so is a driver that failed although no check has noticed.
 */
function judgedAlone(
  scenario: string,
  checks: readonly Check[],
  code: number,
  output: string,
): readonly Check[] {
  const strict = checks.map((check) =>
    check.status === "WARNING" ? { ...check, status: "FAILURE" as const } : check,
  );
  if (code === 0 || strict.some(({ status }) => status === "FAILURE")) return strict;
  const message = /^\w*Error: .*$/m.exec(output)?.[0] ?? `exit code ${code}`;
  return [...strict, { scenario, id: "driver", name: "Driver", status: "FAILURE", message }];
}

/**
 * Signing in without a person, and as a program that is known to the server by other means, is not
 * what a gateway does for people: extensions of the specification, each optional.
 */
const EXTENSIONS =
  /^auth\/(client-credentials-|enterprise-managed-authorization$|dpop|wif-jwt-bearer$)/;

/** A client that publishes itself has to have a public address, and this gateway is on loopback. */
const NEEDS_HTTPS: ReadonlySet<string> = new Set(["auth/basic-cimd"]);

/** What the suite has for clients of a revision. */
async function clientScenarios(revision: Revision): Promise<readonly string[]> {
  const { stdout } = await runToEnd({
    program: process.execPath,
    args: [SUITE, "list", "--requirements", revision],
    cwd: ROOT,
    timeoutMs: LIST_TIMEOUT_MS,
  });
  const [, scored = ""] = stdout.split(/^Client scenarios .*$/m);
  const names = [
    ...scored.matchAll(/^ {2}- (\S+)$/gm),
    ...scored.matchAll(/^ {4}- (\S+) \[client\]$/gm),
  ].flatMap(([, name]) => name ?? []);
  if (names.length === 0) throw new Error("the suite lists no scenarios for clients");
  return names.filter((name) => !EXTENSIONS.test(name) && !NEEDS_HTTPS.has(name));
}
