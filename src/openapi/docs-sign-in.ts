import { html } from "hono/html";

export type SignInPage = Readonly<{
  /** What is said of a request that was refused; undefined: it carried no credential. */
  problem: string | undefined;
  status: number;
  headers: Readonly<Record<string, string>>;
}>;

/** In place of a page whose reader has not shown a key; nothing of the catalog is in it. */
export async function signInPage({ problem, status, headers }: SignInPage): Promise<Response> {
  const page = await html`<!doctype html><title>Sign in</title>
    <p>${problem ?? "This page needs an API key"}</p>`;
  return new Response(page.toString(), {
    status,
    headers: { ...headers, "content-type": "text/html; charset=utf-8" },
  });
}
