import type { JsonObject } from "../core/json.ts";
import { ADMIN, isHelp, readAdmin, readLine, requireWord, type AdminFlags } from "./admin-line.ts";
import { CommandFailure } from "../shell/command-failure.ts";
import { readDuration, readText } from "../shell/read-flags.ts";

export type KeysOptions = Readonly<{ kind: "keys"; admin: AdminFlags; json: boolean }> &
  (
    | Readonly<{ action: "list" }>
    | Readonly<{ action: "create"; request: JsonObject }>
    | Readonly<{ action: "revoke"; id: string }>
  );

export type KeysLine = KeysOptions | Readonly<{ kind: "help"; about: "keys" }>;

const KEYS = { ...ADMIN, json: { type: "boolean" } } as const;
const KEY = {
  ...KEYS,
  name: { type: "string", short: "n" },
  expires: { type: "string" },
  allow: { type: "string", multiple: true },
  deny: { type: "string", multiple: true },
  connect: { type: "string", multiple: true },
  models: { type: "string", multiple: true },
  progress: { type: "string" },
  approvals: { type: "string" },
  "open-webui": { type: "string" },
  "resource-tools": { type: "boolean" },
  "read-only": { type: "boolean" },
  mode: { type: "string" },
  user: { type: "string" },
} as const;

/** `keys list|create|revoke`. Throws `CommandFailure`. */
export function parseKeysCommand(argv: readonly string[]): KeysLine {
  const [action = "help", ...rest] = argv;
  switch (action) {
    case "list": {
      const { values } = readLine(`keys ${action}`, rest, { options: KEYS });
      if (values.help === true) return { kind: "help", about: "keys" };
      return { kind: "keys", action, admin: readAdmin(values), json: values.json === true };
    }
    case "create": {
      const { values } = readLine(`keys ${action}`, rest, { options: KEY });
      if (values.help === true) return { kind: "help", about: "keys" };
      const name = readText("--name", values.name);
      if (name === undefined) throw new CommandFailure("Cannot create a key: give it a --name");
      // What a key may say is the gateway's to judge: here it is only put into its words.
      const request = {
        name,
        expiresInSeconds: readDuration("--expires", values.expires),
        allow: values.allow,
        deny: values.deny,
        connect: values.connect,
        models: values.models,
        progress: values.progress,
        approvals: values.approvals,
        openWebui: values["open-webui"],
        resourceTools: values["resource-tools"],
        readOnly: values["read-only"],
        mode: values.mode,
        user: values.user,
      };
      return {
        kind: "keys",
        action,
        admin: readAdmin(values),
        json: values.json === true,
        request: Object.fromEntries(
          Object.entries(request).filter(([, value]) => value !== undefined),
        ),
      };
    }
    case "revoke": {
      const { values, words } = readLine(`keys ${action}`, rest, { options: KEYS, words: ["ID"] });
      if (values.help === true) return { kind: "help", about: "keys" };
      return {
        kind: "keys",
        action,
        admin: readAdmin(values),
        json: values.json === true,
        id: requireWord(words, "revoke a key", "ID"),
      };
    }
    default:
      if (isHelp(action)) return { kind: "help", about: "keys" };
      throw new CommandFailure(
        `Cannot run keys ${JSON.stringify(action)}: wanted list, create or revoke (see --help)`,
      );
  }
}
