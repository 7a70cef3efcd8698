// Stands in for wrangler and the account behind it: state and calls are in the JSON file that
// FAKE_ACCOUNT names.
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";

const path = process.env.FAKE_ACCOUNT;
const account = JSON.parse(readFileSync(path, "utf8"));
const args = process.argv.slice(2);
const flag = (name) => args[args.indexOf(name) + 1];
const command = args.filter((arg) => !arg.startsWith("-")).slice(0, 3);
account.calls.push(args.slice(0, 3).join(" "));

function fail(message) {
  console.error(
    `\u001b[31m✘ \u001b[41;31m[\u001b[41;97mERROR\u001b[41;31m]\u001b[0m ${message}\n\n  at frame`,
  );
  writeFileSync(path, JSON.stringify(account));
  process.exit(1);
}

switch (`${command[0]} ${["whoami", "deploy"].includes(command[0]) ? "" : command[1]}`.trim()) {
  case "whoami":
    console.log(JSON.stringify({ loggedIn: account.loggedIn }));
    if (!account.loggedIn) process.exitCode = 1;
    break;
  case "kv namespace":
    if (command[2] === "list") console.log(JSON.stringify(account.namespaces, undefined, 2));
    else account.namespaces.push({ id: `id-${account.namespaces.length}`, title: args[3] });
    break;
  case "secret list":
    if (account.secretListError !== undefined) fail(account.secretListError);
    if (account.worker === undefined)
      fail("This Worker does not exist on your account. [code: 10007]");
    console.log(
      JSON.stringify(Object.keys(account.secrets).map((name) => ({ name, type: "secret_text" }))),
    );
    break;
  case "deploy": {
    account.worker = JSON.parse(readFileSync(flag("--config"), "utf8"));
    if (args.includes("--secrets-file")) {
      Object.assign(account.secrets, JSON.parse(readFileSync(flag("--secrets-file"), "utf8")));
    }
    if (account.deployError !== undefined) fail(account.deployError);
    const output = { type: "deploy", version: 1, targets: [account.url] };
    appendFileSync(
      process.env.WRANGLER_OUTPUT_FILE_PATH,
      `{"type":"wrangler-session"}\n${JSON.stringify(output)}\n`,
    );
    break;
  }
  case "secret put":
    account.secrets[args[2]] = readFileSync(0, "utf8");
    break;
  default:
    fail(`Unknown command: ${args.join(" ")}`);
}
writeFileSync(path, JSON.stringify(account));
