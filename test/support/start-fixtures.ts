import type { TestProject } from "vitest/node";
import { CONFORMANCE_WIRES } from "./conformance-fixture.ts";
import { startOAuthBackends } from "./oauth-backends.ts";
import { startQuirkyBackends } from "./quirky-backends.ts";
import { startScriptedLlm } from "./scripted-llm.ts";

/** URLs of the fixture servers, for tests inside workerd: `inject("fixtures")`. */
export type FixtureUrls = Readonly<{
  legacyJson: string;
  legacySession: string;
  legacySse: string;
  modern: string;
  /** Others of the same, for tests that change their lists: the ones above stay as they are. */
  changing: Readonly<{ legacySession: string; legacySse: string; modern: string }>;
  /** `{quirky}/{quirk}/{key}` */
  quirky: string;
  /** `{llm}/{personality}/{key}/v1` */
  llm: string;
  /** `{oauth}/{key}/mcp`: see `oauth-backends.ts`. */
  oauth: string;
}>;

declare module "vitest" {
  interface ProvidedContext {
    fixtures: FixtureUrls;
  }
}

/** They end with the process: closed earlier, they break the streams workerd still holds, loudly. */
export default async function setup(project: TestProject): Promise<void> {
  const [legacyJson, lasting, changing, quirky, llm, oauth] = await Promise.all([
    CONFORMANCE_WIRES["legacy-json"](),
    startChangeable(),
    startChangeable(),
    startQuirkyBackends(),
    startScriptedLlm(),
    startOAuthBackends(),
  ]);
  project.provide("fixtures", {
    legacyJson: legacyJson.url,
    ...lasting,
    changing,
    quirky: quirky.url,
    llm: llm.url,
    oauth: oauth.url,
  });
}

async function startChangeable(): Promise<FixtureUrls["changing"]> {
  const [legacySession, legacySse, modern] = await Promise.all([
    CONFORMANCE_WIRES["legacy-session"](),
    CONFORMANCE_WIRES["legacy-sse"](),
    CONFORMANCE_WIRES.modern(),
  ]);
  return { legacySession: legacySession.url, legacySse: legacySse.url, modern: modern.url };
}
