/**
 * Whom an attempt is counted against: the address the platform saw, never a header a caller could
 * send (`X-Forwarded-For`). An IPv6 customer has a whole /64, so that is what counts.
 */
export function attemptSource(request: Request): string {
  const address = request.headers.get("cf-connecting-ip");
  if (address === null) return "local";
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const known = groups.length + (tail === "" ? 0 : tail.split(":").length);
    for (let missing = known; missing < 8 && groups.length < 4; missing += 1) groups.push("0");
    groups.push(...tail.split(":"));
  }
  return `${groups.slice(0, 4).join(":")}::/64`;
}
