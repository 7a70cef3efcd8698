import * as z from "zod";
import type { JsonObject } from "../core/json.ts";
import { configProblem, hiddenProblem } from "./config-problem.ts";

/** People write numbers and switches in `env` too. */
const variable = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const stdioEntry = z.looseObject({
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), variable).default({}),
  cwd: z.string().optional(),
  envFile: z.string().optional(),
});

export type StdioEntry = z.infer<typeof stdioEntry>;

const WANTED: ReadonlyMap<string, string> = new Map([
  ["command", "the name of a program"],
  ["args", "a list of strings"],
  ["env", "an object of strings"],
  ["cwd", "the path of a folder"],
  ["envFile", "the path of a file"],
]);

/** What an entry says of the program that is its server. Throws `config_invalid`. */
export function parseStdioEntry(path: string, entry: JsonObject): StdioEntry {
  const parsed = stdioEntry.safeParse(entry);
  if (parsed.success) return parsed.data;
  const [key = "command", ...inner] = (parsed.error.issues[0]?.path ?? []).map(String);
  const place = [path, key, ...inner].join(".");
  const wanted = WANTED.get(key) ?? "a text";
  // What is in a list or an object may be a secret.
  if (inner.length > 0) throw configProblem(place, "…", wanted);
  if (key === "env") throw hiddenProblem(place, entry[key], wanted);
  throw configProblem(place, entry[key], wanted);
}
