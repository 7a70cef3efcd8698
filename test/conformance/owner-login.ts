/** What the owner does in a browser to log the gateway in at a backend; the suite's pages say yes. */
export async function logInAsOwner(
  { url, password }: Readonly<{ url: string; password: string }>,
  backend: string,
): Promise<void> {
  const { origin } = new URL(url);
  const form = { origin, "content-type": "application/x-www-form-urlencoded" };
  const signIn = await fetch(`${url}/me/sign-in`, {
    method: "POST",
    redirect: "manual",
    headers: form,
    body: new URLSearchParams({ password }),
  });
  const cookie = signIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  const page = await (await fetch(`${url}/me/logins`, { headers: { cookie } })).text();
  const token = /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const onward = await fetch(`${url}/admin/backends/${backend}/login`, {
    method: "POST",
    redirect: "manual",
    headers: { ...form, cookie },
    body: new URLSearchParams({ form_token: token }),
  });
  const address = onward.headers.get("refresh")?.replace(/^0; url=/, "");
  if (address === undefined) throw new Error(`no login: ${reasonOf(await onward.text())}`);
  const yes = await fetch(address, { redirect: "manual" });
  const back = yes.headers.get("location");
  if (back === null) throw new Error(`the authorization page answered ${yes.status}`);
  const done = await fetch(back, { redirect: "manual", headers: { cookie } });
  if (done.status !== 303) throw new Error(`not logged in: ${reasonOf(await done.text())}`);
}

function reasonOf(page: string): string {
  return /role="alert">([^<]*)</.exec(page)?.[1] ?? page.slice(0, 200);
}
