import { readFileSync } from "node:fs";
import * as z from "zod";
import { CommandFailure } from "./command-failure.ts";
import { parseCommandLine, type CommandLine } from "./command-line.ts";
import { helpText } from "./help-text.ts";
import { PROJECT } from "./project-files.ts";

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(PROJECT.packageJson, "utf8"));
  return z.looseObject({ version: z.string() }).parse(manifest).version;
}

async function run(line: CommandLine): Promise<number> {
  switch (line.kind) {
    case "help":
      console.log(helpText(line.about));
      return 0;
    case "version":
      console.log(readVersion());
      return 0;
    case "start": {
      const { start } = await import("./start.ts");
      return start(line, readVersion());
    }
    case "dev": {
      const { dev } = await import("./dev.ts");
      return dev(line, readVersion());
    }
    case "connect": {
      const { connect } = await import("./connect.ts");
      return connect(line, readVersion());
    }
    case "deploy": {
      const { deploy } = await import("./deploy.ts");
      return deploy(line);
    }
    default:
      return line satisfies never;
  }
}

try {
  process.exitCode = await run(parseCommandLine(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof CommandFailure)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
// Sockets kept open for another request would hold the process.
process.exit();
