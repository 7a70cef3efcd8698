import { basename } from "node:path";
import * as z from "zod";
import { parseConfig, parseDocumentText } from "../config/config-document.ts";
import { maskDocument } from "../config/config-mask.ts";
import type { BackendConfig } from "../config/gateway-config.ts";
import { withoutLocalParts } from "../config/local-parts.ts";
import { secretNames } from "../config/secrets.ts";
import { asGatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { maskUrl } from "../core/redact.ts";
import type { AdminClient } from "./admin-client.ts";
import type { AdminFlags } from "./admin-line.ts";
import type { ConfigOptions } from "./config-line.ts";
import { CommandFailure } from "../shell/command-failure.ts";
import type { CommandOutput } from "./command-output.ts";
import { describeConfigChange } from "./config-change.ts";
import { readConfigFile } from "./config-file.ts";
import { alignRows, countOf, oneLine } from "../shell/terminal.ts";

const stored = z.looseObject({
  version: z.number(),
  at: z.union([z.string(), z.number()]).optional(),
  source: z.string().optional(),
  warnings: z.array(z.string()).default([]),
  document: z.record(z.string(), z.json()),
});
const put = z.looseObject({ version: z.number(), warnings: z.array(z.string()).default([]) });

/** `client` is asked for only where the gateway is: `check` is done here. */
export async function configCommand(
  options: ConfigOptions,
  {
    client,
    output,
  }: Readonly<{ client: (admin: AdminFlags) => Promise<AdminClient>; output: CommandOutput }>,
): Promise<number> {
  switch (options.action) {
    case "get":
      return getConfig(await client(options.admin), output);
    case "put": {
      const file = await readDocument(options.file);
      return putConfig(options, { file, client: await client(options.admin), output });
    }
    case "check":
      return checkConfig(await readDocument(options.file), output);
    case "import": {
      const { importConfig, realImportWorld } = await import("./config-import.ts");
      return importConfig(options, realImportWorld(output));
    }
    default:
      return options satisfies never;
  }
}

async function getConfig(client: AdminClient, { print, tell }: CommandOutput): Promise<number> {
  const config = await readStored(client);
  print(JSON.stringify(config.document, null, 2));
  const from = config.source === undefined ? "" : `, from ${config.source}`;
  tell(`Version ${config.version}${from}; secrets are masked, and stay where they go back masked`);
  return 0;
}

async function putConfig(
  { ifVersion, dryRun }: Extract<ConfigOptions, { action: "put" }>,
  { file, client, output }: { file: ReadFile; client: AdminClient; output: CommandOutput },
): Promise<number> {
  const { print, tell } = output;
  const { name } = file;
  const before = await readStored(client);
  const { document, started } = withoutLocalParts(file.document);
  const change = describeConfigChange(
    JSON.stringify(before.document),
    JSON.stringify(maskDocument(document)),
  );
  // Secrets come masked, so that only one was changed cannot be seen from here.
  const shown = change ?? "nothing changed but, perhaps, secrets";
  if (dryRun) {
    print(`${name}: ${shown} (dry run, version ${before.version} stays)`);
    return 0;
  }
  const { version, warnings } = await client({
    what: `put ${name}`,
    path: "/admin/api/config",
    method: "PUT",
    // What was compared is what is replaced: another's change in between is not lost unseen.
    headers: { "content-type": "application/json", "if-match": `"${ifVersion ?? before.version}"` },
    body: JSON.stringify(document),
    answer: put,
  });
  print(`${name}: ${shown} (version ${version})`);
  for (const warning of warnings) tell(`! ${oneLine(warning, 400)}`);
  if (started.length > 0) {
    tell(`! ${started.join(", ")}: started where the file is; bring with the command "connect"`);
  }
  return 0;
}

function checkConfig({ name, text, document }: ReadFile, { print, tell }: CommandOutput): number {
  const { config, warnings } = inFile(name, () => parseConfig(document));
  const { backends } = config;
  print(`${name}: ${countOf(backends.length, "backend")}, nothing wrong`);
  for (const row of alignRows(backends.map((backend) => [backend.name, describe(backend)]))) {
    print(row);
  }
  const names = secretNames(text);
  if (names.length > 0) print(`Refers to ${names.map((secret) => `\${${secret}}`).join(", ")}`);
  for (const warning of warnings) tell(`! ${oneLine(warning, 400)}`);
  return 0;
}

function describe({ transport }: BackendConfig): string {
  switch (transport.kind) {
    case "stdio":
      return "stdio: started by start or connect";
    case "builtin":
      return `built in: ${transport.builtin}`;
    case "streamable-http":
    case "sse":
      return `${transport.kind}: ${oneLine(maskUrl(transport.url))}`;
    default:
      return transport satisfies never;
  }
}

function readStored(client: AdminClient): Promise<z.infer<typeof stored>> {
  return client({ what: "read the config", path: "/admin/api/config", answer: stored });
}

type ReadFile = Readonly<{ name: string; text: string; document: JsonObject }>;

/** Only its text is judged: masks in it stand for what the gateway has. */
async function readDocument(path: string): Promise<ReadFile> {
  const name = basename(path);
  const text = (await readConfigFile(path)) ?? "";
  return { name, text, document: inFile(name, () => parseDocumentText(text)) };
}

/** What is wrong, as the gateway would say it, and in which file. */
function inFile<Value>(name: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    const { message } = asGatewayError(error);
    throw new CommandFailure(`${name}: ${oneLine(message, 400)}`, undefined, { cause: error });
  }
}
