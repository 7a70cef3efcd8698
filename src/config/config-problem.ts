import { GatewayError } from "../core/errors.ts";

const SHOWN_VALUE = 80;

/** `mcpServers.erp.timeout: "soon" … wanted a number of seconds`: path, value, what was wanted. */
export function configProblem(path: string, value: unknown, wanted: string): GatewayError {
  return new GatewayError("config_invalid", `${path}: ${show(value)}, wanted ${wanted}`);
}

/** Path and query of an address may be its password. */
export function maskForError(url: string): string {
  return /^([a-z][a-z0-9+.-]*:\/\/)?[^/?#@]*/i.exec(url)?.[0] ?? "";
}

export function quoted(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(", ");
}

/** The value as JSON, cut; what is not JSON by its type. */
function show(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > SHOWN_VALUE ? `${text.slice(0, SHOWN_VALUE)}…` : text;
}
