import type { ListedTool } from "../catalog/listing.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import {
  dayName,
  findZone,
  isDst,
  isoText,
  offsetAt,
  offsetOf,
  toUtc,
  type Wall,
  wallAt,
} from "./zoned-time.ts";

/** Same names, arguments and results as the reference server `mcp-server-time`. */
const LOCAL_ZONE = "UTC";
const HINTS = { readOnlyHint: true, destructiveHint: false, openWorldHint: false };

function zoneArgument(kind: string, examples: string): JsonObject {
  const prefix = kind === "" ? "IANA" : `${kind} IANA`;
  const missing = kind === "" ? "timezone" : `${kind.toLowerCase()} timezone`;
  return {
    type: "string",
    description: `${prefix} timezone name (e.g., ${examples}). Use '${LOCAL_ZONE}' as local timezone if no ${missing} provided by the user.`,
  };
}

const WEST = "'America/New_York', 'Europe/London'";

export const TIME_TOOLS: readonly ListedTool[] = [
  {
    name: "get_current_time",
    description: "Get current time in a specific timezone",
    inputSchema: {
      type: "object",
      properties: { timezone: zoneArgument("", WEST) },
      required: ["timezone"],
    },
    annotations: { title: "Get current time", ...HINTS },
  },
  {
    name: "convert_time",
    description: "Convert time between timezones",
    inputSchema: {
      type: "object",
      properties: {
        source_timezone: zoneArgument("Source", WEST),
        time: { type: "string", description: "Time to convert in 24-hour format (HH:MM)" },
        target_timezone: zoneArgument("Target", "'Asia/Tokyo', 'America/Los_Angeles'"),
      },
      required: ["source_timezone", "time", "target_timezone"],
    },
    annotations: { title: "Convert time", idempotentHint: false, ...HINTS },
  },
];

/** Undefined for a tool that is not here. A wrong argument is a result the model can read. */
export function callTime(name: unknown, args: JsonObject, now: number): JsonObject | undefined {
  try {
    if (name === "get_current_time") return textResult(currentTime(args, now));
    if (name === "convert_time") return textResult(convertTime(args, now));
    return undefined;
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    return { content: [{ type: "text", text: error.message }], isError: true };
  }
}

class ArgumentError extends Error {
  override readonly name = "ArgumentError";
}

function currentTime(args: JsonObject, now: number): JsonObject {
  const timezone = requireText(args, "timezone");
  const zone = requireZone(timezone);
  return describe(timezone, wallAt(now, zone), offsetAt(now, zone), zone);
}

function convertTime(args: JsonObject, now: number): JsonObject {
  const source = requireText(args, "source_timezone");
  const time = requireText(args, "time");
  const target = requireText(args, "target_timezone");
  const from = requireZone(source);
  const to = requireZone(target);
  const wall = { ...wallAt(now, from), ...requireTime(time), second: 0 };
  const fromOffset = offsetOf(wall, from);
  const utc = toUtc(wall, fromOffset);
  const toOffset = offsetAt(utc, to);
  return {
    source: describe(source, wall, fromOffset, from),
    target: describe(target, wallAt(utc, to), toOffset, to),
    time_difference: differenceText((toOffset - fromOffset) / 60),
  };
}

function describe(
  timezone: string,
  wall: Wall,
  offset: number,
  zone: Intl.DateTimeFormat,
): JsonObject {
  return {
    timezone,
    datetime: isoText(wall, offset),
    day_of_week: dayName(wall),
    is_dst: isDst(wall, offset, zone),
  };
}

/** `+9.0h`, `-3.5h`, `+5.75h` */
function differenceText(hours: number): string {
  const size = Math.abs(hours);
  const digits = Number.isInteger(size) ? size.toFixed(1) : String(Number(size.toFixed(2)));
  return `${hours < 0 ? "-" : "+"}${digits}h`;
}

function requireText(args: JsonObject, name: string): string {
  const value: JsonValue | undefined = args[name];
  if (value === undefined) throw new ArgumentError(`Missing required argument: ${name}`);
  if (typeof value !== "string") throw new ArgumentError(`Argument ${name} must be a string`);
  return value;
}

function requireZone(name: string): Intl.DateTimeFormat {
  const zone = findZone(name);
  if (zone === undefined) throw new ArgumentError(`Invalid timezone: ${name.slice(0, 100)}`);
  return zone;
}

function requireTime(text: string): Pick<Wall, "hour" | "minute"> {
  const match = /^(\d{1,2}):(\d{1,2})$/.exec(text);
  const hour = Number(match?.[1]);
  const minute = Number(match?.[2]);
  if (match === null || hour > 23 || minute > 59) {
    throw new ArgumentError("Invalid time format. Expected HH:MM [24-hour format]");
  }
  return { hour, minute };
}

/** Indented as Python's `json.dumps(…, indent=2)` does in the reference server. */
function textResult(value: JsonObject): JsonObject {
  return { content: [{ type: "text", text: JSON.stringify(value, null, 2) }], isError: false };
}
