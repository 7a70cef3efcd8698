import { GatewayError } from "../core/errors.ts";

const SHOWN_VALUE = 80;

/** `mcpServers.erp.timeout: "soon" … wanted a number of seconds`: path, value, what was wanted. */
export function configProblem(path: string, value: unknown, wanted: string): GatewayError {
  return new GatewayError("config_invalid", `${path}: ${show(value)}, wanted ${wanted}`);
}

/** Where the value may be a secret: what kind of value it is, and nothing of it. */
export function hiddenProblem(path: string, value: unknown, wanted: string): GatewayError {
  return new GatewayError("config_invalid", `${path}: ${kindOf(value)}, wanted ${wanted}`);
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

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
