import { expect, test } from "vitest";
import { callBuiltin, builtinListing, builtinUrl } from "../../src/backends/builtin.ts";
import { GiveUp } from "../../src/core/call-signal.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { Answer } from "../../src/core/json-rpc.ts";
import type { BackendRequest } from "../../src/backends/wire.ts";

/** A Friday. */
const NOW = Date.parse("2026-11-20T14:15:16.789Z");

/** Nothing of it has to be waited for. */
function ask(request: BackendRequest, now = NOW): Answer {
  const io = { signal: new GiveUp(), waitUntil: () => {}, now: () => now };
  const answer = callBuiltin(builtinUrl("time"), request, io);
  if (answer instanceof Promise) throw new Error("the time took its time");
  return answer;
}

function callTool(name: string, args: JsonObject, now = NOW): JsonObject {
  const request = { id: 1, method: "tools/call", params: { name, arguments: args } };
  const message = ask(request, now).message();
  if ("error" in message) throw new Error(message.error.message);
  return message.result;
}

function textIn(result: JsonObject): string {
  const content = result["content"];
  const [first] = Array.isArray(content) ? content : [];
  return String(first.text);
}

function convert(source: string, time: string, target: string, now = NOW) {
  return JSON.parse(
    textIn(
      callTool("convert_time", { source_timezone: source, time, target_timezone: target }, now),
    ),
  );
}

test.each([
  ["Europe/Vienna", "2026-11-20T15:15:16+01:00", "Friday", false],
  ["America/St_Johns", "2026-11-20T10:45:16-03:30", "Friday", false],
  ["Asia/Kathmandu", "2026-11-20T20:00:16+05:45", "Friday", false],
  ["Australia/Sydney", "2026-11-21T01:15:16+11:00", "Saturday", true],
  ["Australia/Lord_Howe", "2026-11-21T01:15:16+11:00", "Saturday", true],
  ["Pacific/Kiritimati", "2026-11-21T04:15:16+14:00", "Saturday", false],
  ["UTC", "2026-11-20T14:15:16+00:00", "Friday", false],
])("tells the time in %s", (timezone, datetime, day, dst) => {
  expect(JSON.parse(textIn(callTool("get_current_time", { timezone })))).toEqual({
    timezone,
    datetime,
    day_of_week: day,
    is_dst: dst,
  });
});

test("knows summer in the northern hemisphere", () => {
  const july = Date.parse("2026-07-01T12:00:00Z");
  expect(
    JSON.parse(textIn(callTool("get_current_time", { timezone: "America/New_York" }, july))),
  ).toMatchObject({ datetime: "2026-07-01T08:00:00-04:00", is_dst: true });
});

test.each([
  ["Europe/Vienna", "09:00", "Asia/Tokyo", "2026-11-20T17:00:00+09:00", "+8.0h"],
  ["Asia/Tokyo", "03:00", "America/New_York", "2026-11-19T13:00:00-05:00", "-14.0h"],
  ["UTC", "12:00", "Asia/Kathmandu", "2026-11-20T17:45:00+05:45", "+5.75h"],
  ["UTC", "12:00", "America/St_Johns", "2026-11-20T08:30:00-03:30", "-3.5h"],
  ["UTC", "12:00", "UTC", "2026-11-20T12:00:00+00:00", "+0.0h"],
])("converts from %s %s to %s", (source, time, target, datetime, difference) => {
  expect(convert(source, time, target)).toMatchObject({
    source: { timezone: source },
    target: { timezone: target, datetime },
    time_difference: difference,
  });
});

test.each([
  // The clocks go from 02:00 to 03:00: the skipped time is read with the offset before.
  ["2026-03-29T08:00:00Z", "02:30", "2026-03-29T02:30:00+01:00", "2026-03-29T01:30:00+00:00"],
  ["2026-03-29T08:00:00Z", "01:59", "2026-03-29T01:59:00+01:00", "2026-03-29T00:59:00+00:00"],
  ["2026-03-29T08:00:00Z", "03:00", "2026-03-29T03:00:00+02:00", "2026-03-29T01:00:00+00:00"],
  // The clocks go from 03:00 to 02:00: the time that comes twice is the first one.
  ["2026-10-25T08:00:00Z", "02:30", "2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00+00:00"],
  ["2026-10-25T08:00:00Z", "03:00", "2026-10-25T03:00:00+01:00", "2026-10-25T02:00:00+00:00"],
])("reads a clock on the day it changes: %s %s", (now, time, source, utc) => {
  const result = convert("Europe/Vienna", time, "UTC", Date.parse(now));
  expect(result.source.datetime).toBe(source);
  expect(result.target.datetime).toBe(utc);
});

test("takes today from the source's calendar", () => {
  const late = Date.parse("2026-11-20T23:30:00Z");
  expect(convert("Asia/Tokyo", "00:10", "UTC", late).source.datetime).toBe(
    "2026-11-21T00:10:00+09:00",
  );
});

test.each([
  ["get_current_time", { timezone: "Mars/Olympus" }, "Invalid timezone: Mars/Olympus"],
  ["get_current_time", {}, "Missing required argument: timezone"],
  [
    "convert_time",
    { source_timezone: "UTC", time: "25:00", target_timezone: "UTC" },
    "Invalid time format. Expected HH:MM [24-hour format]",
  ],
  [
    "convert_time",
    { source_timezone: "UTC", time: "noon", target_timezone: "UTC" },
    "Invalid time format. Expected HH:MM [24-hour format]",
  ],
  [
    "convert_time",
    { source_timezone: "Nowhere", time: "10:00", target_timezone: "UTC" },
    "Invalid timezone: Nowhere",
  ],
])("says what is wrong with %s %j", (name, args, message) => {
  expect(callTool(name, args)).toEqual({
    content: [{ type: "text", text: message }],
    isError: true,
  });
});

test("answers an unknown tool and an unknown method as JSON-RPC errors", () => {
  expect(ask({ id: "a", method: "tools/call", params: { name: "nope" } }).message()).toMatchObject({
    id: "a",
    error: { code: -32602 },
  });
  expect(ask({ id: "a", method: "prompts/get", params: { name: "nope" } }).message()).toMatchObject(
    { id: "a", error: { code: -32601 } },
  );
});

test("lists its tools with schemas and hints", () => {
  expect(
    builtinListing("time").tools.map(({ name, inputSchema }) => [name, inputSchema["required"]]),
  ).toEqual([
    ["get_current_time", ["timezone"]],
    ["convert_time", ["source_timezone", "time", "target_timezone"]],
  ]);
});
