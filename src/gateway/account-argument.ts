import type { Listing, ListedTool } from "../catalog/listing.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";

/** What the account without a name is called where one is asked for. */
const UNNAMED = "default";
/** The second where a tool has the first itself. */
const ARGUMENTS = ["account", "gateway_account"] as const;
/** By this the argument is ours again when it comes back. */
const DESCRIPTION = "Which of the user's accounts to use; leave it out for the usual one";

export function shownAccount(account: string): string {
  return account === "" ? UNNAMED : account;
}

/** The tools of a backend where the caller has several logins: each takes one more argument. */
export function withAccounts(listing: Listing, accounts: readonly string[]): Listing {
  const shown = accounts.map(shownAccount);
  return {
    ...listing,
    hash: `${listing.hash} ${shown.join(" ")}`,
    tools: listing.tools.map((tool) => withArgument(tool, shown)),
  };
}

function withArgument(tool: ListedTool, accounts: readonly string[]): ListedTool {
  const { properties } = tool.inputSchema;
  const own = isJsonObject(properties) ? properties : {};
  const name = ARGUMENTS.find((free) => !Object.hasOwn(own, free));
  if (name === undefined) return tool;
  const argument = { type: "string", enum: accounts, description: DESCRIPTION };
  return {
    ...tool,
    inputSchema: { ...tool.inputSchema, properties: { ...own, [name]: argument } },
  };
}

/** The name it has in the schema of a tool; undefined where it is not there. */
export function ourArgument({ properties }: JsonObject): string | undefined {
  if (!isJsonObject(properties)) return undefined;
  return ARGUMENTS.find((name) => {
    const argument = properties[name];
    return isJsonObject(argument) && argument["description"] === DESCRIPTION;
  });
}
