import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config-document.ts";
import { groupWarnings } from "../../src/config/policy-warnings.ts";

const mcpServers = {
  erp: { url: "https://erp.example.com/mcp" },
  wave: { url: "https://wave.example.com/mcp", enabled: false },
};
const groups = { family: { allow: ["erp/get_*", "waves"] } };

test("warns of patterns that are of no backend, those that are switched off among the others", () => {
  const policy = {
    everyone: { deny: ["*/delete_*", "wave", "er"] },
    groups,
    clients: [{ client: "*", allow: ["er*"], deny: ["nas/pool_*"] }],
  };
  expect(parseConfig({ mcpServers, policy }).warnings).toEqual([
    'policy.everyone.deny: "er" is of no backend of this config',
    'policy.groups.family.allow: "waves" is of no backend of this config',
    'policy.clients[0].deny: "nas/pool_*" is of no backend of this config',
  ]);
});

test("warns of groups that no rules are about, once there are rules about any", () => {
  const google = {
    issuer: "https://accounts.google.com",
    clientId: "id",
    clientSecret: "${SECRET}",
    allow: ["@example.com"],
    groups: ["family", "familly"],
  };
  const document = { mcpServers, signIn: { providers: { google } } };
  expect(parseConfig(document).warnings).toEqual([]);
  const policy = { groups: { family: {} } };
  expect(parseConfig({ ...document, policy }).warnings).toEqual([
    'signIn.providers.google.groups: "familly" is not in policy.groups',
  ]);
  const people = [{ groups: ["family", "work"] }, { groups: ["work"] }, { groups: [] }];
  const known = parseConfig({ mcpServers, policy }).config.policy;
  expect(groupWarnings(known, people)).toEqual([
    'policy.groups: nothing about "work", which 2 people are in',
  ]);
  expect(groupWarnings(parseConfig({ mcpServers }).config.policy, people)).toEqual([]);
});
