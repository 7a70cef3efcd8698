import { inject } from "vitest";
import type { OAuthManners } from "./oauth-backends.ts";

export type OAuthBackend = Readonly<{
  url: string;
  control: (change: Partial<OAuthManners>) => Promise<void>;
  /** What came, in order. */
  log: () => Promise<readonly string[]>;
  /** Says yes at the authorization server as `user`: the path and query of our callback. */
  consent: (address: string, user?: string) => Promise<string>;
}>;

/** A backend with an authorization server, with a memory of its own. */
export async function oauthBackend(manners: Partial<OAuthManners> = {}): Promise<OAuthBackend> {
  const base = `${inject("fixtures").oauth}/${crypto.randomUUID()}`;
  const control = async (change: Partial<OAuthManners>): Promise<void> => {
    await (await fetch(`${base}/control`, { method: "POST", body: JSON.stringify(change) })).text();
  };
  await control(manners);
  return {
    url: `${base}/mcp`,
    control,
    log: async () => (await fetch(`${base}/log`)).json(),
    async consent(address, user = "somebody") {
      const page = await fetch(`${address}&login=${user}`, { redirect: "manual" });
      await page.text();
      const back = new URL(page.headers.get("location") ?? "");
      return back.pathname + back.search;
    },
  };
}
