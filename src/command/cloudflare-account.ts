import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { CommandFailure } from "../shell/command-failure.ts";
import type { Finished } from "../shell/finished-process.ts";
import { wranglerProblem, type WranglerRun } from "./wrangler-run.ts";

const namespaceList = z.array(z.looseObject({ id: z.string(), title: z.string() }));
const secretList = z.array(z.looseObject({ name: z.string() }));
const deployOutput = z.looseObject({ type: z.literal("deploy"), targets: z.array(z.string()) });

/** What deploy asks of an account, each one wrangler command. */
export type CloudflareAccount = Readonly<{
  requireLogin: () => Promise<void>;
  /** The id of the namespace of that title, made when there is none. */
  ensureNamespace: (title: string) => Promise<Readonly<{ id: string; made: boolean }>>;
  /** Names only; none when the Worker is not there yet. */
  listSecrets: (worker: string) => Promise<readonly string[]>;
  /** Adds secrets to those the Worker has; the addresses it is served at. */
  deploy: (upload: {
    config: string;
    secrets: Readonly<Record<string, string>>;
  }) => Promise<readonly string[]>;
  putSecret: (secret: { config: string; name: string; value: string }) => Promise<void>;
}>;

/** `folder` takes files that live as long as one command. */
export function openCloudflareAccount(wrangler: WranglerRun, folder: string): CloudflareAccount {
  return {
    requireLogin: async () => {
      const answer = await wrangler(["whoami", "--json"]);
      if (answer.code === 0) return;
      // Not logged in is said in JSON, everything else in words.
      const reason = answer.stdout.includes("loggedIn") ? "" : ` (${wranglerProblem(answer)})`;
      throw new CommandFailure(
        `Not logged in to Cloudflare${reason}: run "npx wrangler login" once, or set CLOUDFLARE_API_TOKEN, then deploy again`,
      );
    },

    ensureNamespace: async (title) => {
      const find = async (): Promise<string | undefined> => {
        const answer = requireDone(
          "list KV namespaces",
          await wrangler(["kv", "namespace", "list"]),
        );
        return parseOutput(namespaceList, answer).find((entry) => entry.title === title)?.id;
      };
      const known = await find();
      if (known !== undefined) return { id: known, made: false };
      requireDone("create a KV namespace", await wrangler(["kv", "namespace", "create", title]));
      const id = await find();
      if (id === undefined) {
        throw new CommandFailure(`Cannot create a KV namespace: "${title}" is not on the account`);
      }
      return { id, made: true };
    },

    listSecrets: async (worker) => {
      const answer = await wrangler(["secret", "list", "--name", worker, "--format", "json"]);
      if (answer.code === 0) return parseOutput(secretList, answer).map(({ name }) => name);
      // Taking another failure for an empty list would overwrite keys that hold everybody's data.
      if (/10007|does not exist|not found/i.test(answer.stderr + answer.stdout)) return [];
      throw new CommandFailure(`Cannot list secrets: ${wranglerProblem(answer)}`);
    },

    deploy: async ({ config, secrets }) => {
      const secretsFile = join(folder, "secrets.json");
      const outputFile = join(folder, "deploy-output.json");
      await Promise.all([secretsFile, outputFile].map((path) => rm(path, { force: true })));
      await writeFile(secretsFile, JSON.stringify(secrets), { mode: 0o600 });
      try {
        const given = Object.keys(secrets).length === 0 ? [] : ["--secrets-file", secretsFile];
        const answer = await wrangler(["deploy", "--config", config, ...given], {
          env: { WRANGLER_OUTPUT_FILE_PATH: outputFile },
        });
        requireDone("deploy", answer);
        return readTargets(await readFile(outputFile, "utf8").catch(() => ""));
      } finally {
        await Promise.all([secretsFile, outputFile].map((path) => rm(path, { force: true })));
      }
    },

    putSecret: async ({ config, name, value }) => {
      const answer = await wrangler(["secret", "put", name, "--config", config], { input: value });
      requireDone(`set ${name}`, answer);
    },
  };
}

function requireDone(what: string, answer: Finished): Finished {
  if (answer.code === 0) return answer;
  throw new CommandFailure(`Cannot ${what}: ${wranglerProblem(answer)}`);
}

/** wrangler may say a word before the JSON. */
function parseOutput<T>(schema: z.ZodType<T>, { stdout }: Finished): T {
  const start = stdout.indexOf("[");
  try {
    return schema.parse(JSON.parse(stdout.slice(start)));
  } catch (error) {
    throw new CommandFailure(
      "Cannot read the answer of wrangler: wanted a list in JSON",
      undefined,
      {
        cause: error,
      },
    );
  }
}

/** One JSON document per line, one of them about the deployment. */
function readTargets(output: string): readonly string[] {
  for (const line of output.split("\n")) {
    if (line.trim() === "") continue;
    const parsed = deployOutput.safeParse(JSON.parse(line));
    if (parsed.success) return parsed.data.targets;
  }
  return [];
}
