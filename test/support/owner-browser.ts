import { ORIGIN, OWNER_PASSWORD, send } from "./worker.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded", origin: ORIGIN };

export type Shown = Readonly<{ status: number; html: string; location: string | null }>;

/** What a form sends; a field that is there more than once is a list. */
export type Fields = Readonly<Record<string, string | number | readonly string[]>>;

export type SignedIn = Readonly<{
  cookie: string;
  get: (path: string) => Promise<Shown>;
  /** With the token of this session and the version the config has, unless told otherwise. */
  post: (path: string, fields?: Fields, headers?: Record<string, string>) => Promise<Shown>;
}>;

/** The owner, signed in at the pages without a script. */
export async function signInAsOwner(): Promise<SignedIn> {
  const body = new URLSearchParams({ password: OWNER_PASSWORD, next: "/admin" });
  const answer = await send("/me/sign-in", { method: "POST", headers: FORM, body });
  const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
  return browserWith(cookie);
}

export function browserWith(cookie: string): SignedIn {
  const get = async (path: string): Promise<Shown> =>
    shownIn(await send(path, { headers: { cookie } }));
  return {
    cookie,
    get,
    async post(path, fields = {}, headers = {}) {
      const { html } = await get("/admin/backends");
      const all = { form_token: valueOf(html, "form_token"), version: valueOf(html, "version") };
      const body = new URLSearchParams();
      for (const [name, value] of Object.entries({ ...all, ...fields })) {
        const values = Array.isArray(value) ? value : [value];
        for (const one of values) body.append(name, String(one));
      }
      return shownIn(
        await send(path, { method: "POST", headers: { ...FORM, cookie, ...headers }, body }),
      );
    },
  };
}

async function shownIn(answer: Response): Promise<Shown> {
  return {
    status: answer.status,
    html: await answer.text(),
    location: answer.headers.get("location"),
  };
}

/** Of a hidden field. */
export function valueOf(html: string, name: string): string {
  return new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? "";
}
