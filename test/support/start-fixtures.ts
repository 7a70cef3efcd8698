import type { TestProject } from "vitest/node";
import { CONFORMANCE_WIRES } from "./conformance-fixture.ts";
import { startQuirkyBackends } from "./quirky-backends.ts";

/** URLs of the fixture servers, for tests inside workerd: `inject("fixtures")`. */
export type FixtureUrls = Readonly<{
  legacyJson: string;
  legacySession: string;
  legacySse: string;
  modern: string;
  /** `{quirky}/{quirk}/{key}` */
  quirky: string;
}>;

declare module "vitest" {
  interface ProvidedContext {
    fixtures: FixtureUrls;
  }
}

/** They end with the process: closed earlier, they break the streams workerd still holds, loudly. */
export default async function setup(project: TestProject): Promise<void> {
  const [legacyJson, legacySession, legacySse, modern, quirky] = await Promise.all([
    CONFORMANCE_WIRES["legacy-json"](),
    CONFORMANCE_WIRES["legacy-session"](),
    CONFORMANCE_WIRES["legacy-sse"](),
    CONFORMANCE_WIRES.modern(),
    startQuirkyBackends(),
  ]);
  project.provide("fixtures", {
    legacyJson: legacyJson.url,
    legacySession: legacySession.url,
    legacySse: legacySse.url,
    modern: modern.url,
    quirky: quirky.url,
  });
}
