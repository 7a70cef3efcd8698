import { join, resolve } from "node:path";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { freePort, startChild } from "../support/child.ts";
import { openConsent, redirectOf, register, submitConsent } from "../support/oauth-flow.ts";
import { readChecks, SUITE, toFlags, type Revision, type SuiteRun } from "./official-suite.ts";

/** Name of this target, beside those of targets.ts. */
export const AUTHORIZATION = "authorization";

const ROOT = resolve(import.meta.dirname, "../..");
const CONSENT_WAIT_MS = 15_000;

/** The suite's scenarios for authorization servers; the person at the consent page is this script. */
export async function runAuthorizationSuite({
  origin,
  ownerPassword,
  revision,
  folder,
}: {
  origin: string;
  ownerPassword: string;
  revision: Revision;
  folder: string;
}): Promise<SuiteRun> {
  await rm(folder, { recursive: true, force: true });
  const results = join(folder, "results");
  await mkdir(results, { recursive: true });
  const port = await freePort();
  const client = await register(fetch, origin, [`http://127.0.0.1:${port}/callback`]);
  const suite = startChild(
    process.execPath,
    [
      SUITE,
      "authorization",
      ...toFlags({
        url: origin,
        "client-id": client.clientId,
        resource: `${origin}/mcp`,
        port,
        "spec-version": revision,
        "output-dir": results,
      }),
    ],
    { cwd: ROOT },
  );
  try {
    const [asked] = await suite.see(/^https?:\S+[?]response_type=code\S*$/m, CONSENT_WAIT_MS);
    const consent = await openConsent(fetch, { url: new URL(asked), verifier: "", state: "" });
    const decided = await submitConsent(fetch, consent, { password: ownerPassword });
    const callback = await fetch(redirectOf(decided));
    await callback.body?.cancel();
    await suite.see(/^Total: /m, CONSENT_WAIT_MS);
  } finally {
    await suite.stop();
    await writeFile(join(folder, "output.txt"), suite.output());
  }
  return { checks: await readChecks(results), unscored: new Set() };
}
