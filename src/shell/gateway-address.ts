import { isPrivateTarget } from "../core/target-rules.ts";
import { CommandFailure } from "./command-failure.ts";
import { oneLine } from "./terminal.ts";

export type GatewayAddress = Readonly<{
  /** Where the gateway's own paths begin, without a slash at the end. */
  base: string;
  /** The backend whose address it is: `…/mcp/{backend}`. */
  backend: string | undefined;
}>;

/**
 * The address of a gateway, as people copy it: it may end in one of our paths. `source` is the flag
 * or variable it stands in. A key must not cross a public network readable for all.
 */
export function parseGatewayAddress(source: string, text: string): GatewayAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "") {
    throw new CommandFailure(
      `${source}: ${JSON.stringify(oneLine(text))}, wanted an address such as https://mcp.example.com`,
    );
  }
  if (url.protocol === "http:" && !isPrivateTarget(url)) {
    throw new CommandFailure(
      `${source}: ${url.origin}, wanted https: the key would cross the network readable for all`,
    );
  }
  const [, path = "", backend] =
    /^(.*?)(?:\/mcp(?:\/([a-z][a-z0-9-]{0,30}))?|\/v1)?\/*$/.exec(url.pathname) ?? [];
  return { base: url.origin + path.replace(/\/+$/, ""), backend };
}
