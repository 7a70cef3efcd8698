import { expect, test } from "vitest";
import { callPoints } from "../../src/telemetry/call-points.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createTraces, traceIdOf, withTraceHeaders } from "../../src/telemetry/trace-context.ts";

const GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

function traces(level = "info", lines: string[] = []) {
  const log = createLog(level, (line) => lines.push(line));
  return createTraces({ log, invent: level === "debug" });
}

function asking(headers: Record<string, string>) {
  return { headers: new Headers(headers), requestId: "r1" };
}

test("passes on what is sound, and nothing else", () => {
  const find = traces();
  const read = (traceparent: string, tracestate?: string) =>
    find(asking({ traceparent, ...(tracestate === undefined ? {} : { tracestate }) }));
  expect(read(GOOD)).toEqual({ traceparent: GOOD, tracestate: undefined });
  expect(read(GOOD, "congo=t61rcWkgMzE,rojo=1")?.tracestate).toBe("congo=t61rcWkgMzE,rojo=1");
  expect(read(`01${GOOD.slice(2)}-more`)?.traceparent).toBe(`01${GOOD.slice(2)}-more`);
  for (const bad of [
    "",
    "evil",
    GOOD.toUpperCase(),
    `ff${GOOD.slice(2)}`,
    `${GOOD}-more`,
    `${GOOD}x`,
    `01${GOOD.slice(2)}x`,
    `01${GOOD.slice(2)}-${"x".repeat(300)}`,
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    `${GOOD}, ${GOOD}`,
  ]) {
    expect(read(bad)).toBeUndefined();
  }
  for (const bad of ["no-value", `a=${"x".repeat(600)}`, "A=1", "a=b=c"]) {
    expect(read(GOOD, bad)).toEqual({ traceparent: GOOD, tracestate: undefined });
  }
});

test("invents none, but where every call is looked at", () => {
  expect(traces()(asking({}))).toBeUndefined();
  expect(traces()({ requestId: "r1" })).toBeUndefined();
  const lines: string[] = [];
  const find = traces("debug", lines);
  const request = asking({ traceparent: "evil" });
  const made = find(request);
  expect(made?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(find(request)).toBe(made);
  if (made === undefined) throw new TypeError("none was made");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { level: "debug", message: "trace", requestId: "r1", trace: traceIdOf(made) },
  ]);
});

test("replaces both headers, so that no half of another trace stays", () => {
  const headers = withTraceHeaders(new Headers({ tracestate: "old=1", "x-a": "b" }), {
    traceparent: GOOD,
    tracestate: undefined,
  });
  expect([...headers]).toEqual([
    ["traceparent", GOOD],
    ["x-a", "b"],
  ]);
});

test("writes a data point for an event, and survives a dataset that refuses", () => {
  const points: unknown[] = [];
  const event = {
    at: 1,
    requestId: "r",
    credentialId: "key-1",
    userId: "owner",
    surface: "rest",
    method: "tools/call",
    backend: "b".repeat(120),
    target: "t",
    outcome: "ok",
    ms: 12,
    arguments: "never",
  } as const;
  callPoints({ writeDataPoint: (point) => points.push(point) })(event);
  expect(points).toEqual([
    {
      indexes: ["b".repeat(96)],
      blobs: [
        "call",
        "owner",
        "rest",
        "tools/call",
        "b".repeat(120),
        "t",
        "ok",
        null,
        null,
        "key-1",
      ],
      doubles: [12, 0, 0],
    },
  ]);
  const refusing = callPoints({
    writeDataPoint: () => {
      throw new Error("too many");
    },
  });
  expect(() => refusing(event)).not.toThrow();
});
