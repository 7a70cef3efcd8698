import { type Init, ORIGIN, OWNER_PASSWORD, send, sendAsOwner } from "./worker.ts";

/** A browser that keeps its cookies, at the whole Worker. */
export type BrowserSession = Readonly<{
  get: (path: string) => Promise<Response>;
  /** A form of a page of ours. */
  post: (path: string, fields: Readonly<Record<string, string>>) => Promise<Response>;
  cookies: ReadonlyMap<string, string>;
}>;

export function openBrowserSession(address: string = crypto.randomUUID()): BrowserSession {
  const cookies = new Map<string, string>();
  async function ask(path: string, init: Init): Promise<Response> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await send(path.replace(ORIGIN, ""), {
      ...init,
      headers: { "cf-connecting-ip": address, cookie, ...init.headers },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      if (/Max-Age=0/.test(line)) cookies.delete(pair.slice(0, at));
      else cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  }
  return {
    cookies,
    get: (path) => ask(path, {}),
    post: (path, fields) =>
      ask(path, {
        method: "POST",
        headers: { "sec-fetch-site": "same-origin" },
        body: new URLSearchParams(fields),
      }),
  };
}

export async function signInAsOwner(browser: BrowserSession): Promise<void> {
  const answer = await browser.post("/me/sign-in", { password: OWNER_PASSWORD });
  if (answer.status !== 303) throw new Error(`not signed in: ${answer.status}`);
}

export type AddedPerson = Readonly<{ id: string; code: string }>;

/** A person as the owner adds them, with the code of an invitation. */
export async function addPerson(body: Readonly<Record<string, unknown>>): Promise<AddedPerson> {
  const headers = { "content-type": "application/json" };
  const made = await sendAsOwner("/admin/api/users", {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  const { id } = await made.json<{ id: string }>();
  const invited = await sendAsOwner(`/admin/api/users/${id}/invitation`, { method: "POST" });
  const { link } = await invited.json<{ link: string }>();
  return { id, code: new URL(link).searchParams.get("code") ?? "" };
}

export const PASSWORD = "a password of the tests";

/** Joins with `PASSWORD`; the browser is signed in afterwards. */
export async function join(browser: BrowserSession, code: string): Promise<Response> {
  return browser.post("/me/join", { code, password: PASSWORD, repeated: PASSWORD });
}

/** The token that stands in the forms of a page. */
export function formTokenOf(html: string): string {
  return /name="form_token" value="([^"]*)"/.exec(html)?.[1] ?? "";
}
