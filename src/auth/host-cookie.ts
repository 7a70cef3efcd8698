/**
 * Cookies of this host alone, which no script reads. `__Host-` keeps sibling domains from setting
 * them; it wants https, without which, on loopback alone, it may not stand.
 */
export function hostCookie(
  request: Request,
  name: string,
  { value, seconds }: Readonly<{ value: string; seconds: number }>,
): string {
  const full = fullName(request, name);
  const secure = full === name ? "" : "; Secure";
  return `${full}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secure}`;
}

export function readHostCookie(request: Request, name: string): string | undefined {
  const start = `${fullName(request, name)}=`;
  return (request.headers.get("cookie") ?? "")
    .split(/;\s*/)
    .find((part) => part.startsWith(start))
    ?.slice(start.length);
}

function fullName(request: Request, name: string): string {
  return new URL(request.url).protocol === "https:" ? `__Host-${name}` : name;
}
