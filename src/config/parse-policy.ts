import { isJsonObject } from "../core/json.ts";
import { configProblem } from "./config-problem.ts";
import { type ClientRules, NO_POLICY, type PolicyConfig } from "./policy-config.ts";
import { type PolicyRules, readPolicyRules, RULE_KEYS } from "./policy-rules.ts";
import { readStrict } from "./strict-part.ts";

const MAX_GROUPS = 200;
const MAX_CLIENTS = 200;
export const GROUP_NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,59}$/u;

/** The part `policy` of a document. Throws `config_invalid`. */
export function parsePolicy(given: unknown): PolicyConfig {
  if (given === undefined) return NO_POLICY;
  const part = readStrict("policy", given, ["everyone", "groups", "clients"]);
  const everyone = part.value("everyone");
  return {
    everyone: everyone === undefined ? undefined : readRules(part.pathOf("everyone"), everyone),
    groups: readGroups(part.pathOf("groups"), part.value("groups")),
    clients: readClients(part.pathOf("clients"), part.value("clients")),
  };
}

function readRules(path: string, given: unknown): PolicyRules {
  return readPolicyRules(readStrict(path, given, RULE_KEYS));
}

function readGroups(path: string, given: unknown): PolicyConfig["groups"] {
  if (given === undefined) return {};
  if (!isJsonObject(given)) throw configProblem(path, given, "an object of rules by group name");
  const groups = Object.entries(given);
  if (groups.length > MAX_GROUPS) {
    throw configProblem(path, groups.length, `at most ${MAX_GROUPS} groups`);
  }
  return Object.fromEntries(
    groups.map(([name, rules]) => {
      if (!GROUP_NAME.test(name)) {
        throw configProblem(
          path,
          name,
          "group names of 1 to 60 letters, digits, spaces and . _ @ -",
        );
      }
      return [name, readRules(`${path}.${name}`, rules)];
    }),
  );
}

function readClients(path: string, given: unknown): readonly ClientRules[] {
  if (given === undefined) return [];
  if (!Array.isArray(given) || given.length > MAX_CLIENTS) {
    const shown = Array.isArray(given) ? given.length : given;
    throw configProblem(path, shown, `a list of rules for up to ${MAX_CLIENTS} clients`);
  }
  return given.map((one: unknown, index) => {
    const at = `${path}[${index}]`;
    const part = readStrict(at, one, ["client", ...RULE_KEYS]);
    const client = part.text("client", 500);
    if (client === undefined)
      throw configProblem(`${at}.client`, undefined, "a glob of client ids");
    return { client, ...readPolicyRules(part) };
  });
}
