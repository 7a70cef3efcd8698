import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";

const FILE = "unseen-secrets.json";
const unseen = z.record(z.string(), z.string());

/**
 * Secrets that were made and not yet shown: a deployment that fails half-way may have set them,
 * and nobody can read them back from the account. Gone as soon as they were shown.
 */
export async function readUnseenSecrets(folder: string): Promise<Readonly<Record<string, string>>> {
  try {
    return unseen.parse(JSON.parse(await readFile(join(folder, FILE), "utf8")));
  } catch {
    return {}; // usually there are none
  }
}

export async function writeUnseenSecrets(
  folder: string,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  const path = join(folder, FILE);
  await rm(path, { force: true });
  if (Object.keys(secrets).length === 0) return;
  await writeFile(path, JSON.stringify(secrets), { mode: 0o600 });
}
