import type { BackendOrder } from "./backend-order.ts";
import type { Trust } from "./gateway-config.ts";

/**
 * How far the tools of a backend are trusted: as its entry says, and else by whose it is. What is
 * part of this Worker changes only with it. What runs on the owner's machines and in their networks
 * changes when they change it, so they are told and nothing breaks. Anybody else's tools may change
 * overnight into something else.
 */
export function trustOf(
  { config, privateOrigins }: BackendOrder,
  publicUrl: string | undefined,
): Trust {
  const { transport, trust } = config;
  if (transport.kind === "builtin") return "off";
  if (trust !== undefined) return trust;
  if (transport.kind === "stdio") return "warn";
  const url = URL.parse(transport.url); // with `${NAME}` in its host it is nobody's we know
  if (url === null) return "enforce";
  const isOwn = privateOrigins.includes(url.origin) || isUnder(url.hostname, publicUrl);
  return isOwn ? "warn" : "enforce";
}

/**
 * The host of the gateway, or one beneath it. Not one beside it: without the list of public suffixes
 * nobody can tell one's own neighbours from those at a shared host (workers.dev, co.uk).
 */
function isUnder(hostname: string, publicUrl: string | undefined): boolean {
  const own = publicUrl === undefined ? null : URL.parse(publicUrl);
  if (own === null || own.hostname === "") return false;
  return hostname === own.hostname || hostname.endsWith(`.${own.hostname}`);
}
