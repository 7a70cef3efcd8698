import type { BridgeNews } from "./local-bridge.ts";
import type { LineEnd } from "./outward-socket.ts";
import { oneLine } from "../shell/terminal.ts";

const LINE_WIDTH = 400;

export type ReportOptions = Readonly<{
  say: (line: string) => void;
  /** `troubles`: only what somebody may have to mend; `debug`: also what the servers write. */
  level: "troubles" | "progress" | "debug";
}>;

/**
 * What happens to local servers, in lines for a terminal or a journal. A trouble that comes again
 * and again is told once, until it is another one.
 */
export function createConnectorReport({
  say,
  level,
}: ReportOptions): (name: string, news: BridgeNews) => void {
  const told = new Map<string, string>();

  return (name, news) => {
    if (level === "debug" && news.kind === "said")
      say(oneLine(`${name}: | ${news.line}`, LINE_WIDTH));
    const line = describe(news, level !== "troubles");
    if (line === undefined) return;
    // The server and its connection tell of different troubles.
    const subject = `${name} ${news.kind === "connected" || news.kind === "disconnected"}`;
    if (told.get(subject) === line) return;
    told.set(subject, line);
    say(oneLine(`${name}: ${line}`, LINE_WIDTH));
  };
}

function describe(news: BridgeNews, withProgress: boolean): string | undefined {
  switch (news.kind) {
    case "started":
    case "said":
      return undefined;
    case "connected":
      return withProgress ? "connected" : undefined;
    case "noise":
      return `prints what is no MCP message, which is left out: ${JSON.stringify(news.line.slice(0, 80))}`;
    case "ended":
      return `${news.reason} (trying again)`;
    case "disconnected":
      return describeEnd(news.end, withProgress);
    default:
      return news satisfies never;
  }
}

function describeEnd(end: LineEnd, withProgress: boolean): string | undefined {
  switch (end.kind) {
    case "lost":
      return withProgress ? `not connected: ${end.reason} (trying again)` : undefined;
    case "refused":
      // Our own gateway knows the file: it has just lost the entry, and its server ends with it.
      return end.status === 404 && !withProgress ? undefined : `refused: ${end.reason}`;
    case "replaced":
      return "another connector has taken over";
    case "restart":
      return undefined;
    default:
      return end satisfies never;
  }
}
