/**
 * Cookies of this host alone, which no script reads. `__Host-` keeps sibling domains from setting
 * them; it wants https, without which it may not stand. Which of the two, our own `origin` says and
 * not the request: behind a proxy that ends TLS the one is https and the other is not.
 */
export function hostCookie(
  origin: string,
  name: string,
  { value, seconds }: Readonly<{ value: string; seconds: number }>,
): string {
  const full = fullName(origin, name);
  const secure = full === name ? "" : "; Secure";
  return `${full}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secure}`;
}

export function readHostCookie(
  { headers }: Request,
  origin: string,
  name: string,
): string | undefined {
  const start = `${fullName(origin, name)}=`;
  return (headers.get("cookie") ?? "")
    .split(/;\s*/)
    .find((part) => part.startsWith(start))
    ?.slice(start.length);
}

function fullName(origin: string, name: string): string {
  return origin.startsWith("https:") ? `__Host-${name}` : name;
}
