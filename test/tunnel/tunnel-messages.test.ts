import { describe, expect, test } from "vitest";
import { encodePiece } from "../../src/tunnel/tunnel-frame.ts";
import { type Incoming, TunnelReader, TunnelWriter } from "../../src/tunnel/tunnel-messages.ts";
import { MAX_FRAME, MAX_TO_GATEWAY } from "../../src/tunnel/tunnel-protocol.ts";

const FLAW = { kind: "flaw", reason: expect.any(String) };

function readAll(frames: readonly string[] | undefined, reader: TunnelReader): Incoming[] {
  return (frames ?? []).map((frame) => reader.read(frame));
}

function ofLength(length: number): string {
  return `{"a":"${"x".repeat(length - 8)}"}`;
}

describe("a message", () => {
  test("travels as it is when it fits into a frame", () => {
    expect(new TunnelWriter(MAX_TO_GATEWAY).frames(` {"id":1}\n`)).toEqual(['{"id":1}']);
  });

  test.each([MAX_FRAME + 1, 2 * MAX_FRAME, 3 * MAX_FRAME + 7, MAX_TO_GATEWAY])(
    "of %i units comes in pieces and is joined again",
    (length) => {
      const text = ofLength(length);
      const frames = new TunnelWriter(MAX_TO_GATEWAY).frames(text);
      expect(frames?.length).toBe(Math.ceil(length / MAX_FRAME));
      const reader = new TunnelReader(MAX_TO_GATEWAY);
      const read = readAll(frames, reader);
      expect(read.slice(0, -1).every(({ kind }) => kind === "partial")).toBe(true);
      expect(read.at(-1)).toEqual({ kind: "message", text });
    },
  );

  test("is never cut inside a character", () => {
    const text = `{"a":"${"🙂".repeat(MAX_FRAME)}"}`;
    const frames = new TunnelWriter(MAX_TO_GATEWAY).frames(text);
    const arrived = frames?.map((frame) =>
      new TextDecoder().decode(new TextEncoder().encode(frame)),
    );
    const read = readAll(arrived, new TunnelReader(MAX_TO_GATEWAY)).at(-1);
    expect(read).toEqual({ kind: "message", text });
  });

  test("that is too long for the other end is not written", () => {
    expect(new TunnelWriter(1_000).frames(ofLength(1_001))).toBeUndefined();
  });

  test("is written in the frames the other end wishes", () => {
    const frames = new TunnelWriter(MAX_TO_GATEWAY, 1_000).frames(ofLength(2_500));
    expect(frames?.length).toBe(3);
  });

  test("in pieces lets a ping pass in between", () => {
    const [first = "", ...rest] =
      new TunnelWriter(MAX_TO_GATEWAY).frames(ofLength(MAX_FRAME * 2)) ?? [];
    const reader = new TunnelReader(MAX_TO_GATEWAY);
    expect(readAll([first, "ping", ...rest], reader).map(({ kind }) => kind)).toEqual([
      "partial",
      "ping",
      "message",
    ]);
  });

  test("follows another", () => {
    const writer = new TunnelWriter(MAX_TO_GATEWAY);
    const reader = new TunnelReader(MAX_TO_GATEWAY);
    const text = ofLength(MAX_FRAME + 10);
    for (let round = 0; round < 3; round += 1) {
      expect(readAll(writer.frames(text), reader).at(-1)).toEqual({ kind: "message", text });
    }
  });
});

describe("a reader refuses", () => {
  const piece = (id: number, index: number, last = false, text = '{"a":'): string =>
    encodePiece({ id, index, last, text });

  test.each<readonly [string, readonly string[]]>([
    ["a message that begins in the middle", [piece(1, 1)]],
    ["a piece left out", [piece(1, 0), piece(1, 2)]],
    ["a piece that comes twice", [piece(1, 0), piece(1, 0)]],
    ["pieces of two messages", [piece(1, 0), piece(2, 0)]],
    ["pieces of two messages, in turn", [piece(1, 0), piece(2, 1)]],
    ["a message between two pieces", [piece(1, 0), "{}"]],
    ["an empty piece", [piece(1, 0), piece(1, 1, false, "")]],
    ["pieces that make a frame of another kind", [piece(1, 0, true, 'h{"backend":"nas"}')]],
    [
      "a message over the limit",
      [piece(1, 0, false, "{".repeat(600)), piece(1, 1, false, "{".repeat(600))],
    ],
  ])("%s", (_, frames) => {
    expect(readAll(frames, new TunnelReader(1_000)).at(-1)).toEqual(FLAW);
  });

  test("a message in countless pieces", () => {
    const reader = new TunnelReader(MAX_TO_GATEWAY);
    const frames = Array.from({ length: 1_025 }, (__, index) => piece(1, index, false, "{"));
    const read = readAll(frames, reader);
    expect(read[1_023]).toEqual({ kind: "partial" });
    expect(read[1_024]).toEqual(FLAW);
  });
});
