import { GatewayError } from "../core/errors.ts";
import { isJsonObject } from "../core/json.ts";
import type { RpcError } from "../core/json-rpc.ts";

/** A backend's error is data: bounded. */
const MAX_MESSAGE = 2_000;
const MAX_NAME = 100;

/** What a model reads in place of a result where the call itself failed. */
export function errorText(error: GatewayError | RpcError): string {
  if (error instanceof GatewayError) return marked(error.message);
  const pages = pagesToOpen(error);
  if (pages.length > 0) return marked(`${error.message}. The user has to open: ${pages.join(" ")}`);
  const data = error.data === undefined ? "" : `: ${JSON.stringify(error.data)}`;
  return marked(`${error.message} (${error.code})${data}`);
}

/** A page that a person has to visit first (2025-11-25, client/elicitation, URL mode). */
const URL_REQUIRED = -32042;

/** What a person has to visit before the call can be made. */
export function pagesToOpen({ code, data }: RpcError): readonly string[] {
  const listed = isJsonObject(data) ? data["elicitations"] : undefined;
  if (code !== URL_REQUIRED || !Array.isArray(listed)) return [];
  return listed.flatMap((one) =>
    isJsonObject(one) && typeof one["url"] === "string" ? [one["url"]] : [],
  );
}

/** What a tool that is hidden and one that never was have in common. */
export function unknownToolText(name: string, near: readonly string[]): string {
  const known = near.map((match) => `"${match}"`).join(", ");
  const asked = name.slice(0, MAX_NAME).toWellFormed();
  return `Error: unknown tool "${asked}"${known === "" ? "" : `: did you mean ${known}?`}`;
}

function marked(text: string): string {
  const bounded =
    text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE - 1).toWellFormed()}…`;
  return bounded.startsWith("Error: ") ? bounded : `Error: ${bounded}`;
}
