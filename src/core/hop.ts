import { sha256Hex } from "./digest.ts";

/**
 * Names the gateways a request has gone through, comma separated, so that one that is configured
 * as its own backend notices and answers 508 instead of calling itself for ever.
 */
export const HOP_HEADER = "x-mcp-gateway-hop";

/** A house behind a firm behind a reseller is plausible; more is a loop through others. */
const MAX_HOPS = 4;

/** The same in every isolate of one deployment and no use to anybody else. */
export async function gatewayHopId(deploymentSecret: string | undefined): Promise<string> {
  return (await sha256Hex(`hop:${deploymentSecret ?? ""}`)).slice(0, 16);
}

/** Why a request with this header must be refused (HTTP 508), or undefined. */
export function hopProblem(header: string | null, ownId: string): string | undefined {
  if (header === null) return undefined;
  const hops = header.split(",").map((hop) => hop.trim());
  if (hops.includes(ownId)) return "the gateway is configured as a backend of itself";
  return hops.length > MAX_HOPS ? `more than ${MAX_HOPS} gateways stand in a row` : undefined;
}
