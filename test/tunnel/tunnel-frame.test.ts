import { describe, expect, test } from "vitest";
import { type ControlFrame, encodeFrame, parseFrame } from "../../src/tunnel/tunnel-frame.ts";
import { MAX_FRAME } from "../../src/tunnel/tunnel-protocol.ts";

const INSTANCE = "3f2c1a90-77aa";

describe("frames that are no messages", () => {
  test.each<ControlFrame>([
    { kind: "hello", hello: { backend: "nas", instance: INSTANCE, sequence: 0 } },
    {
      kind: "hello",
      hello: {
        backend: "nas",
        instance: INSTANCE,
        sequence: 7,
        version: "1.2.3",
        command: "truenas-mcp",
      },
    },
    { kind: "welcome", welcome: { maxMessage: 8_388_608, maxFrame: MAX_FRAME } },
    { kind: "state", state: { state: "up", run: INSTANCE } },
    { kind: "state", state: { state: "down", reason: "ended with exit code 1" } },
    {
      kind: "refusal",
      refusal: { code: "replaced", message: "A newer one is there", retry: null },
    },
    { kind: "refusal", refusal: { code: "restart", message: "Start it afresh", retry: 0 } },
    { kind: "ping" },
    { kind: "pong" },
  ])("come out as they went in: $kind", (frame) => {
    expect(parseFrame(encodeFrame(frame))).toEqual(frame);
  });

  test("may say more than this version knows", () => {
    const frame = parseFrame(`h{"backend":"nas","instance":"${INSTANCE}","sequence":1,"new":[1]}`);
    expect(frame).toEqual({
      kind: "hello",
      hello: { backend: "nas", instance: INSTANCE, sequence: 1 },
    });
  });

  test("are cut where a reason would be too long for the other end", () => {
    const down = encodeFrame({
      kind: "state",
      state: { state: "down", reason: "because ".repeat(1_000) },
    });
    expect(parseFrame(down).kind).toBe("state");
  });
});

describe("messages", () => {
  test.each([
    '{"jsonrpc":"2.0","id":1,"result":{"n":12345678901234567890}}',
    "[ {} ]",
    "{not json",
  ])("pass as they were written: %s", (text) => {
    expect(parseFrame(text)).toEqual({ kind: "message", text });
  });
});

describe("what is no frame", () => {
  test.each<readonly [string, unknown]>([
    ["bytes", new ArrayBuffer(3)],
    ["nothing", ""],
    ["undefined", undefined],
    ["an unknown kind", "q{}"],
    ["a line of a log", "Server started on port 3000"],
    ["a hello that is no JSON", "h{"],
    ["a hello without an instance", 'h{"backend":"nas","sequence":1}'],
    ["a hello with a short instance", 'h{"backend":"nas","instance":"x","sequence":1}'],
    ["a hello that counts backwards", `h{"backend":"nas","instance":"${INSTANCE}","sequence":-1}`],
    ["a hello that never ends", `h{"backend":"${"n".repeat(9_000)}"}`],
    ["a state nobody knows", 's{"state":"sideways"}'],
    ["a server that is up without a run", 's{"state":"up"}'],
    ["a piece without a head", "cabc"],
    ["a piece whose number is too long", "c1234567890123456,0,1,{}"],
    ["a frame over the limit", `{${" ".repeat(MAX_FRAME + 100)}}`],
  ])("is told with a reason: %s", (_, data) => {
    expect(parseFrame(data)).toEqual({
      kind: "flaw",
      reason: expect.stringMatching(/^(a|pieces) /),
    });
  });
});
