import { apiKeyProblem } from "../core/target-rules.ts";
import { createAdminClient, asOwner, readAdminAddress, type AdminClient } from "./admin-client.ts";
import type { AdminFlags } from "./admin-line.ts";
import type { ConfigOptions } from "./config-line.ts";
import type { KeysOptions } from "./keys-line.ts";
import type { StatusOptions } from "./status-line.ts";
import { CommandFailure } from "../shell/command-failure.ts";
import { CONSOLE_OUTPUT as output } from "./command-output.ts";
import { requireOwnerPassword } from "./owner-password.ts";

/** The commands that ask a gateway and end; each loads no more than itself. */
export async function adminCommand(
  line: ConfigOptions | KeysOptions | StatusOptions,
): Promise<number> {
  switch (line.kind) {
    case "config": {
      const { configCommand } = await import("./config-command.ts");
      return configCommand(line, { client: openAsOwner, output });
    }
    case "keys": {
      const { keysCommand } = await import("./keys-command.ts");
      return keysCommand(line, { client: await openAsOwner(line.admin), output });
    }
    case "status": {
      const { statusCommand } = await import("./status-command.ts");
      return statusCommand(line, { client: openWithKey(line), output });
    }
    default:
      return line satisfies never;
  }
}

async function openAsOwner({ gateway, ownerPassword }: AdminFlags): Promise<AdminClient> {
  const base = readAdminAddress(gateway, process.env);
  const password = await requireOwnerPassword({
    flag: ownerPassword,
    env: process.env,
    input: process.stdin,
    warn: (text) => process.stderr.write(text),
  });
  return createAdminClient(base, asOwner(password));
}

function openWithKey({ gateway, key }: StatusOptions): AdminClient {
  const base = readAdminAddress(gateway, process.env);
  const given = key ?? process.env["GATEWAY_API_KEY"] ?? "";
  if (given === "") {
    throw new CommandFailure("Cannot read the status: no key, set GATEWAY_API_KEY or give --key");
  }
  const problem = apiKeyProblem(given);
  if (problem !== undefined)
    throw new CommandFailure(`GATEWAY_API_KEY or --key: wanted ${problem}`);
  return createAdminClient(base, `Bearer ${given}`);
}
