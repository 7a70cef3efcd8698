import { isJsonObject } from "../core/json.ts";
import { headerProblem } from "../core/target-rules.ts";
import { configProblem, hiddenProblem } from "./config-problem.ts";

/** Headers we send to somebody, as written: values may hold `${NAME}`. Throws `config_invalid`. */
export function parseHeaders(path: string, headers: unknown): Readonly<Record<string, string>> {
  if (headers === undefined) return {};
  if (!isJsonObject(headers)) throw hiddenProblem(path, headers, "an object of strings");
  const read: [string, string][] = [];
  for (const [header, value] of Object.entries(headers)) {
    if (typeof value !== "string") {
      throw hiddenProblem(`${path}.${header}`, value, "a string");
    }
    const problem = headerProblem(header, value);
    // The value may be a credential: only its place is named.
    if (problem !== undefined) throw configProblem(`${path}.${header}`, "…", problem);
    read.push([header, value]);
  }
  return Object.fromEntries(read);
}
