import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { calledAs } from "../shell/called-as.ts";
import { openCloudflareAccount, type CloudflareAccount } from "./cloudflare-account.ts";
import { CommandFailure } from "../shell/command-failure.ts";
import type { DeployOptions } from "./command-line.ts";
import { readConfigFile } from "./config-file.ts";
import { planSecrets, type DeploySecrets } from "./deploy-secrets.ts";
import { createGatewayClient } from "./gateway-client.ts";
import { readDevVars } from "../shell/local-secrets.ts";
import { PROJECT } from "../shell/project-files.ts";
import { renderConnecting } from "./start-banner.ts";
import { alignRows, createStyle, oneLine } from "../shell/terminal.ts";
import { measureBundle } from "./bundle-size.ts";
import { readUnseenSecrets, writeUnseenSecrets } from "./unseen-secrets.ts";
import { openWorkerBundle, type WorkerBundle } from "./worker-bundle.ts";
import { writeWranglerConfig } from "./wrangler-config.ts";
import { withoutCommands } from "./without-commands.ts";
import { createWrangler, type WranglerRun } from "./wrangler-run.ts";

const KV_BINDING = "GATEWAY_KV";
/** A new workers.dev name takes a while until every resolver knows it. */
const HEALTH_TIMEOUT_MS = 90_000;

export type DeployWorld = Readonly<{
  wrangler: WranglerRun;
  bundle: () => Promise<WorkerBundle>;
  /** Where generated files and what was remembered of the last run are kept. */
  folder: string;
  devVars: string;
  env: Readonly<Record<string, string | undefined>>;
  say: (line: string) => void;
}>;

const REAL_WORLD: DeployWorld = {
  wrangler: createWrangler(),
  bundle: openWorkerBundle,
  folder: join(PROJECT.scratch, "cloudflare"),
  devVars: PROJECT.devVars,
  env: process.env,
  say: (line) => console.log(line),
};

/** From an account to a public address; a second run finds everything and changes nothing but the code. */
export async function deploy(
  options: DeployOptions,
  world: DeployWorld = REAL_WORLD,
): Promise<number> {
  const { say } = world;
  const written = await readConfigFile(options.config);
  const { text: configText, started } =
    written === undefined ? { text: undefined, started: [] } : withoutCommands(written);
  const bundle = await world.bundle();
  const name = options.name ?? bundle.settings.name;
  const { raw, gzip } = measureBundle(bundle);
  say(`\n  Deploying "${name}" to Cloudflare`);
  const size = `${raw} KiB, ${gzip} KiB compressed`;
  if (options.dryRun) {
    for (const step of describeSteps(options, { name, size })) say(`    ${step}`);
    say("  Dry run: nothing was changed\n");
    return 0;
  }

  const folder = join(world.folder, name);
  await mkdir(folder, { recursive: true });
  const account = openCloudflareAccount(world.wrangler, folder);
  const done = (what: string): void => say(`    ✓ ${what}`);
  done(`built: ${size}`);
  await account.requireLogin();
  done("logged in");
  const namespace = await account.ensureNamespace(namespaceTitle(name));
  done(`KV namespace ${namespaceTitle(name)}: ${namespace.made ? "created" : "found"}`);
  const secrets = planSecrets({
    onAccount: await account.listSecrets(name),
    configText,
    env: world.env,
    devVars: await readDevVars(world.devVars),
    unseen: await readUnseenSecrets(folder),
  });
  await writeUnseenSecrets(folder, secrets.unseen);
  const ownerPassword = secrets.unseen["OWNER_PASSWORD"] ?? world.env["OWNER_PASSWORD"];
  if (configText !== undefined && ownerPassword === undefined) {
    throw new CommandFailure(
      "Cannot upload --config: the owner password is already set, and only you know it; give it as OWNER_PASSWORD in the environment",
    );
  }
  const config = await writeWranglerConfig(folder, {
    name,
    kv: { [KV_BINDING]: namespace.id },
    domain: options.domain,
  });
  const targets = await account.deploy({ config, secrets: secrets.set });
  const url = publicUrl(options, targets);
  done(`deployed: ${url}`);
  for (const line of describeSecrets(secrets)) done(line);
  if (await rememberUrl({ account, folder, config, url })) done(`PUBLIC_URL set to ${url}`);

  if (configText !== undefined && ownerPassword !== undefined) {
    const file = basename(options.config ?? "");
    const warnings = await uploadConfig({ url, ownerPassword, configText, name: file });
    done(`${file} uploaded`);
    for (const warning of warnings) say(`    ! ${file}: ${oneLine(warning, 400)}`);
    if (started.length > 0) {
      say(`    ! ${started.join(", ")}: started here, with a key made for "connect":`);
      const rest = `--gateway ${url} --config ${options.config ?? ""}`;
      say(`      ${calledAs("connect", rest)}`);
    }
  }
  for (const missing of secrets.missing) {
    say(`    ! \${${missing}} has no value: npx wrangler secret put ${missing} --name ${name}`);
  }
  sayResult(world, { url, unseen: secrets.unseen });
  await writeUnseenSecrets(folder, {});
  return 0;
}

function sayResult(
  { say, env }: DeployWorld,
  { url, unseen }: { url: string; unseen: DeploySecrets["unseen"] },
): void {
  const shown = (name: string): string =>
    unseen[name] === undefined ? "as before" : `${unseen[name]}  (shown once)`;
  const rows = [
    ["URL", url],
    ["Owner's page", `${url}/admin`],
    ["Owner password", shown("OWNER_PASSWORD")],
    ["API key", shown("GATEWAY_API_KEY")],
  ];
  say(["", ...alignRows(rows)].join("\n"));
  const facts = { version: "", url, publicUrl: url, ownerPassword: "", apiKey: "" };
  say(`${renderConnecting(facts, createStyle(process.stdout, env))}\n`);
}

function describeSteps(
  options: DeployOptions,
  { name, size }: { name: string; size: string },
): readonly string[] {
  const address = options.domain === undefined ? "its workers.dev address" : options.domain;
  return [
    `built: ${size}`,
    "would check that you are logged in (wrangler whoami)",
    `would find or create the KV namespace ${namespaceTitle(name)}`,
    "would make the secrets OWNER_PASSWORD, ENCRYPTION_KEY, GATEWAY_API_KEY if missing",
    ...(options.config === undefined
      ? []
      : [`would set the secrets ${basename(options.config)} refers to`]),
    `would deploy, and serve it at ${address}`,
    `would set PUBLIC_URL to ${options.publicUrl ?? "that address"}`,
    ...(options.config === undefined ? [] : [`would upload ${basename(options.config)}`]),
  ];
}

function describeSecrets({ set, kept }: DeploySecrets): readonly string[] {
  const names = Object.keys(set);
  return [
    ...(names.length === 0 ? [] : [`secrets set: ${names.join(", ")}`]),
    ...(kept.length === 0 ? [] : [`secrets kept: ${kept.join(", ")}`]),
  ];
}

/** The title other people's Workers on the account will not have. */
function namespaceTitle(name: string): string {
  return `${name}-kv`;
}

function publicUrl(options: DeployOptions, targets: readonly string[]): string {
  if (options.publicUrl !== undefined) return options.publicUrl;
  if (options.domain !== undefined) return `https://${options.domain}`;
  const target = targets.find((candidate) => URL.canParse(candidate));
  if (target !== undefined) return new URL(target).origin;
  throw new CommandFailure(
    "Deployed, but wrangler named no address: give the one you use with --public-url and deploy again",
  );
}

/**
 * The address is known only after the first deployment. It is a secret and not a variable of the
 * config, so a later deployment from another checkout does not take it away. True when it was set.
 */
async function rememberUrl(known: {
  account: CloudflareAccount;
  folder: string;
  config: string;
  url: string;
}): Promise<boolean> {
  const { account, folder, config, url } = known;
  const path = join(folder, "public-url");
  if ((await readFile(path, "utf8").catch(() => "")) === url) return false;
  await account.putSecret({ config, name: "PUBLIC_URL", value: url });
  await writeFile(path, url);
  return true;
}

/** What the gateway warns of in it. */
async function uploadConfig(upload: {
  url: string;
  ownerPassword: string;
  configText: string;
  name: string;
}): Promise<readonly string[]> {
  const { url, ownerPassword, configText, name } = upload;
  const client = createGatewayClient({
    url,
    apiKey: "",
    ownerPassword,
    localCommandKey: undefined,
  });
  if (!(await client.waitUntilHealthy(HEALTH_TIMEOUT_MS))) {
    throw new CommandFailure(`Deployed, but ${url}/health does not answer yet: deploy again later`);
  }
  const outcome = await client.putConfig(configText);
  if (outcome.kind === "accepted") return outcome.warnings;
  throw new CommandFailure(
    `Deployed, but the config was not taken: ${name}: ${oneLine(outcome.message, 400)}`,
  );
}
