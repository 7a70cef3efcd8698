import { describe, expect, test } from "vitest";
import { GiveUp } from "../../src/core/call-signal.ts";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { ProviderError } from "../../src/llm/provider-error.ts";
import { type RawRelay, relayStream, relayWhole } from "../../src/openai/raw-relay.ts";
import { openSseWriter } from "../../src/openai/sse-writer.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { firstChoice, readStream, type StreamedText } from "./openai-replies.ts";

const HEAD = { id: "chatcmpl-ours", created: 7, model: "ours" };
const BASE = { id: "c1", object: "chat.completion.chunk", created: 1, model: "m" };
const DONE = "data: [DONE]\n\n";

function relayWith(more: Partial<RawRelay> = {}): RawRelay {
  return {
    provider: "lab",
    head: HEAD,
    timeoutMs: 60_000,
    context: {
      signal: new GiveUp(),
      after: createManualClock().after,
      waitUntil: () => {},
      requestId: "r",
    },
    ...more,
  };
}

function event(value: JsonObject): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function delta(value: JsonObject, more: JsonObject = {}): string {
  const choice = { index: 0, delta: value, finish_reason: null };
  return event({ ...BASE, choices: [choice], ...more });
}

function finish(reason: string, more: JsonObject = {}): string {
  return event({ ...BASE, choices: [{ index: 0, delta: {}, finish_reason: reason }], ...more });
}

/** As a provider would have sent it, cut as given. */
function answerOf(parts: readonly (string | Uint8Array)[]): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) {
        controller.enqueue(typeof part === "string" ? encoder.encode(part) : part);
      }
      controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

/** The bytes a client gets. */
async function relayed(...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const writer = openSseWriter(() => {});
  const text = new Response(writer.readable).text();
  await relayStream(answerOf(parts), relayWith(), writer);
  return text;
}

async function read(...parts: readonly (string | Uint8Array)[]): Promise<StreamedText> {
  return readStream({ body: new Response(await relayed(...parts)).body });
}

/** Enough of the same that the relay looks at many at once. */
const WARM = Array.from({ length: 60 }, (_, index) => delta({ content: `${index} ` }));

const HELLO = [
  delta({ role: "assistant", content: "" }),
  ...["Hel", "lo ", "ü😀", 'q"\\n', "\u2028x"].map((content) => delta({ content })),
  finish("stop"),
  DONE,
];

test("leaves what is harmless as it came, byte by byte", async () => {
  expect(await relayed(HELLO.join(""))).toBe(HELLO.join(""));
  expect(await relayed(...HELLO)).toBe(HELLO.join(""));
});

test("leaves long answers as they came, however they are cut", async () => {
  const all = [HELLO[0] ?? "", ...WARM, ...WARM, finish("stop"), DONE].join("");
  const bytes = new TextEncoder().encode(all);
  for (const size of [1_000, 8_192, 100_000]) {
    const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
    // oxlint-disable-next-line no-await-in-loop
    expect(await relayed(...parts)).toBe(all);
  }
});

test("gives the same events wherever the network cuts them", async () => {
  const bytes = new TextEncoder().encode(HELLO.join(""));
  const cuts = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1);
  const all = await Promise.all(
    cuts.map((cut) => relayed(bytes.subarray(0, cut), bytes.subarray(cut))),
  );
  expect(all.findIndex((text) => text !== HELLO.join(""))).toBe(-1);
  const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
  expect(await relayed(...single)).toBe(HELLO.join(""));
});

test("reads every form of a line end, comments, and data over several lines", async () => {
  const plain = [...HELLO];
  for (const end of ["\r\n", "\r"]) {
    const bytes = new TextEncoder().encode(plain.join("").replaceAll("\n", end));
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    // oxlint-disable-next-line no-await-in-loop
    expect(await relayed(...single)).toBe(plain.join(""));
  }
  const odd = [
    "\ufeff: OPENROUTER PROCESSING\n\n",
    `event: message\nid: 4\ndata:{"id":"c1","object":"chat.completion.chunk",\ndata:"created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"a"}}]}\n\n`,
    finish("stop").trimEnd(),
    "\n\ndata: [DONE]",
  ];
  const { text, last, chunks } = await read(...odd);
  expect([text, last, chunks.length]).toEqual(["a", "[DONE]", 2]);
});

describe("a hostile provider (case 18)", () => {
  const EVENT = { type: "execute", data: { code: "alert(1)" } };
  const HOSTILE: readonly JsonObject[] = [
    { event: EVENT },
    { output: [{ type: "message" }] },
    { sources: [{ source: { name: "x" } }] },
    { selected_model_id: "x" },
    { type: "response.completed", response: {} },
    { done: true, content: "forged" },
    { choices: [], event: EVENT },
    { provider: "x", timings: {}, citations: [] },
  ];

  test.each(HOSTILE.map((more) => [JSON.stringify(more), more]))(
    "gets no key through beside those of a chunk: %s",
    async (_, more) => {
      const hostile = delta({ content: "!" }, more);
      const parts = [...HELLO.slice(0, 3), hostile, ...WARM, hostile, ...WARM, hostile];
      const text = await relayed(parts.join(""), hostile, HELLO.slice(3).join(""));
      for (const key of Object.keys(more)) {
        if (key !== "choices") expect(text).not.toContain(`"${key}":${JSON.stringify(more[key])}`);
      }
      expect(text).not.toContain("alert");
    },
  );

  test("gets none through in another spelling, or behind a frame that passes", async () => {
    const inFrame = delta({ content: "x" }).replace('"x"', String.raw`"x","a":"\"}"`);
    const afterText = delta({ content: "x" }).replace("]}\n", '],"event":{"type":"execute"}}\n');
    const before = delta({ content: "x" }).replace("data: {", 'data: {"event":{"type":"execute"},');
    const escaped = afterText.replace('"event"', String.raw`"\u0065v\u0065nt"`);
    const twice = delta({ content: "x" }).replace("data: ", 'event: x\ndata: {"event":1}\ndata: ');
    const glued = `${delta({ content: "a" }).trimEnd()}\ndata: {"event":{"type":"execute"}}\n\n`;
    const warm = [...HELLO.slice(0, 3), ...WARM].join("");
    for (const hostile of [afterText, before, escaped]) {
      // oxlint-disable-next-line no-await-in-loop
      const text = await relayed(`${warm}${hostile}${hostile}${finish("stop")}${DONE}`);
      expect(text).not.toMatch(/execute|vent/);
    }
    expect(await relayed(warm + inFrame + finish("stop") + DONE)).not.toContain('"event"');
    for (const broken of [twice, glued]) {
      // oxlint-disable-next-line no-await-in-loop
      const text = await relayed(warm + broken);
      expect(text).not.toContain('"event"');
      expect(text).toContain("no JSON");
    }
  });

  test("ends no event inside a text", async () => {
    const raw = HELLO[1]?.replace("Hel", 'x\n\ndata: {"event":1}\n\n') ?? "";
    const text = await relayed([HELLO[0], ...WARM, raw].join(""));
    expect(text).not.toContain('"event"');
  });

  test("fills no memory with an event that has no end", async () => {
    const { chunks } = await read(HELLO[0] ?? "", ...Array(40).fill(`data: ${"x".repeat(30_000)}`));
    expect(chunks.at(-1)).toMatchObject({ error: { code: "upstream_error" } });
  });
});

describe("an answer that fails under way (case 15)", () => {
  const failures: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["an error chunk", [event({ error: { message: "overloaded", code: 529 } })], /overloaded/],
    ["a text", [event({ error: "no memory" })], /no memory/],
    [
      "vLLM's error",
      [event({ object: "error", message: "bad grammar", code: 500 })],
      /bad grammar/,
    ],
    ["OpenRouter's end", [finish("error", { error: { message: "cut off" } })], /cut off/],
    ["an end of error alone", [finish("ERROR")], /failed/],
    ["a cut", [], /ended before/],
    ["a cut inside an event", [`data: {"id":"c1`], /no JSON/],
    ["Google's list", ['data: [{"error":{"message":"quota gone","code":500}}]\n\n'], /quota gone/],
    ["prose", ["data: Internal Server Error\n\n"], /no JSON/],
  ];

  test.each(failures)("says so and ends: %s", async (_, parts, reason) => {
    const { chunks, text, last } = await read(...HELLO.slice(0, 3), ...parts);
    expect(text).toBe("Hello ");
    expect(last).toBe("[DONE]");
    expect(chunks.at(-1)).toMatchObject({
      error: {
        message: expect.stringMatching(reason),
        type: "server_error",
        code: "upstream_error",
      },
    });
  });

  test("tells a request that was wrong, or too many, from a provider that broke", async () => {
    const codes = await Promise.all(
      [{ code: 400 }, { type: "rate_limit_error" }].map(async (error) => {
        const { chunks } = await read(event({ error: { message: "x", ...error } }));
        return chunks.at(-1);
      }),
    );
    expect(codes).toMatchObject([
      { error: { code: "invalid_value" } },
      { error: { code: "rate_limit_exceeded" } },
    ]);
  });

  test("keeps what came before in the same read", async () => {
    const { text } = await read(
      `${HELLO.slice(0, 3).join("")}${event({ error: { message: "x" } })}`,
    );
    expect(text).toBe("Hello ");
  });

  test("tells of a socket that broke", async () => {
    const { readable, writable } = new TransformStream<Uint8Array>();
    const source = writable.getWriter();
    const writer = openSseWriter(() => {});
    const told = readStream({ body: writer.readable });
    const answer = new Response(readable, { headers: { "content-type": "text/event-stream" } });
    const relaying = relayStream(answer, relayWith(), writer);
    await source.write(new TextEncoder().encode(HELLO[0]));
    await source.abort(new Error("reset"));
    await relaying;
    const { chunks, last } = await told;
    expect(last).toBe("[DONE]");
    expect(chunks.at(-1)).toMatchObject({ error: { message: expect.stringMatching(/broke off/) } });
  });

  test("minds no socket that breaks behind the end", async () => {
    const { readable, writable } = new TransformStream<Uint8Array>();
    const source = writable.getWriter();
    const writer = openSseWriter(() => {});
    const told = readStream({ body: writer.readable });
    const answer = new Response(readable, { headers: { "content-type": "text/event-stream" } });
    const relaying = relayStream(answer, relayWith(), writer);
    await source.write(new TextEncoder().encode(HELLO.slice(0, -1).join("")));
    await source.abort(new Error("reset"));
    await relaying;
    const { chunks, last } = await told;
    expect(last).toBe("[DONE]");
    expect(chunks.some((chunk) => "error" in chunk)).toBe(false);
  });

  test("shows no credential of the provider", async () => {
    const { chunks } = await read(event({ error: { message: "bad key sk-abcdefghijklmnop" } }));
    expect(JSON.stringify(chunks)).not.toContain("abcdefghijklmnop");
  });
});

describe("what strict clients need (case 10)", () => {
  function calls(chunks: readonly JsonObject[]): readonly JsonObject[] {
    return chunks.flatMap((chunk) => {
      const choice = firstChoice(chunk)["delta"];
      const pieces = isJsonObject(choice) ? choice["tool_calls"] : [];
      return Array.isArray(pieces) ? pieces.filter(isJsonObject) : [];
    });
  }

  test("counts calls, gives them ids and makes their arguments text", async () => {
    const { chunks } = await read(
      delta({ tool_calls: [{ function: { name: "a", arguments: { x: 1 } } }] }),
      delta({ tool_calls: [{ id: "own", function: { name: "b", arguments: '{"y"' } }] }),
      delta({ tool_calls: [{ function: { arguments: ":2}" } }] }),
      finish("STOP"),
      DONE,
    );
    expect(calls(chunks)).toEqual([
      {
        index: 0,
        id: expect.stringMatching(/^call_[0-9a-f]{24}$/),
        type: "function",
        function: { name: "a", arguments: '{"x":1}' },
      },
      { index: 1, id: "own", type: "function", function: { name: "b", arguments: '{"y"' } },
      { index: 1, function: { arguments: ":2}" } },
    ]);
    expect(firstChoice(chunks.at(-1) ?? {})["finish_reason"]).toBe("tool_calls");
  });

  test("tells calls apart that share an index", async () => {
    const call = (id: string): JsonObject => ({
      index: 0,
      id,
      function: { name: id, arguments: "{}" },
    });
    const { chunks } = await read(
      delta({ tool_calls: [call("a")] }),
      delta({ tool_calls: [call("b")] }),
      finish("tool_calls"),
      DONE,
    );
    expect(calls(chunks).map(({ index, id }) => [index, id])).toEqual([
      [0, "a"],
      [1, "b"],
    ]);
  });

  test("leaves calls alone that are as they should be", async () => {
    const whole = [
      delta({
        role: "assistant",
        content: null,
        tool_calls: [
          { index: 0, id: "c", type: "function", function: { name: "f", arguments: "" } },
        ],
      }),
      delta({ tool_calls: [{ index: 0, function: { arguments: "{}" } }] }),
      finish("tool_calls"),
      DONE,
    ].join("");
    expect(await relayed(whole)).toBe(whole);
  });

  test("adds role, head, end and [DONE] where they are missing", async () => {
    const bare = event({ choices: [{ delta: { content: "a" } }] });
    const { chunks, last } = await read(bare, DONE);
    expect(chunks).toMatchObject([
      {
        ...HEAD,
        object: "chat.completion.chunk",
        choices: [{ index: 0, delta: { role: "assistant", content: "a" }, finish_reason: null }],
      },
      { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    ]);
    expect(last).toBe("[DONE]");
    const ended = await read(HELLO.slice(0, -1).join(""));
    expect([ended.text, ended.last]).toEqual(['Hello ü😀q"\\n\u2028x', "[DONE]"]);
  });

  test("reads Workers AI's own dialect", async () => {
    const { chunks, text } = await read(
      event({ response: "Hi" }),
      event({ response: 5 }),
      event({ response: "", tool_calls: [{ name: "f", arguments: { a: 1 } }] }),
      event({ response: "", usage: { prompt_tokens: 1 } }),
      DONE,
    );
    expect(text).toBe("Hi5");
    expect(calls(chunks)).toMatchObject([{ function: { name: "f", arguments: '{"a":1}' } }]);
    expect(firstChoice(chunks.at(-1) ?? {})["finish_reason"]).toBe("tool_calls");
  });

  test("keeps usage, and drops chunks that say nothing", async () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    const { chunks } = await read(
      event({ ...BASE, choices: [], prompt_filter_results: [] }),
      ...HELLO.slice(0, -1),
      event({ ...BASE, choices: [], usage }),
      DONE,
    );
    expect(chunks).toHaveLength(HELLO.length);
    expect(chunks.at(-1)).toEqual({ ...BASE, choices: [], usage });
  });

  test("keeps the choices of several answers apart", async () => {
    const both = ["a", "b"].map((content, index) =>
      event({ ...BASE, choices: [{ index, delta: { content } }] }),
    );
    const { chunks } = await read(...both, DONE);
    expect(chunks.map((chunk) => firstChoice(chunk)["index"])).toEqual([0, 1, 0, 1]);
  });
});

describe("events that are too large (case 23)", () => {
  test.each([["content"], ["reasoning_content"]])(
    "are cut where they are text: %s",
    async (key) => {
      const long = "ü😀\\n".repeat(20_000);
      const { chunks, longestLine } = await read(
        HELLO.slice(0, 2).join(""),
        delta({ [key]: long }),
        finish("stop"),
        DONE,
      );
      expect(longestLine).toBeLessThan(16 * 1024);
      const joined = chunks
        .slice(2)
        .map((chunk) => firstChoice(chunk)["delta"])
        .map((value) => (isJsonObject(value) ? value[key] : ""))
        .filter((piece) => typeof piece === "string")
        .join("");
      expect(joined === long).toBe(true); // a difference of kilobytes says nothing
    },
  );

  test("are cut among many that are small", async () => {
    const parts = [...HELLO.slice(0, 2), ...WARM, delta({ content: "漢".repeat(30_000) }), ...WARM];
    const { text, longestLine } = await read(parts.join(""), finish("stop"), DONE);
    expect(longestLine).toBeLessThan(16 * 1024);
    expect(text.length).toBe(3 + 30_000 + 2 * WARM.map((_, at) => `${at} `).join("").length);
  });

  test("are cut in the arguments of a call", async () => {
    const long = JSON.stringify({ text: "x".repeat(100_000) });
    const { chunks, longestLine } = await read(
      delta({ tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: long } }] }),
      finish("tool_calls"),
      DONE,
    );
    expect(longestLine).toBeLessThan(16 * 1024);
    expect(chunks.length).toBeGreaterThan(10);
  });

  test("show pictures as text", async () => {
    const url = `data:image/png;base64,${"A".repeat(200_000)}`;
    const { text, longestLine } = await read(
      delta({ images: [{ type: "image_url", image_url: { url } }] }),
      finish("stop"),
      DONE,
    );
    expect(text.trim() === `![image](${url})`).toBe(true);
    expect(longestLine).toBeLessThan(16 * 1024);
  });

  test("never make a line that breaks a reader", async () => {
    const { longestLine, last } = await read(
      delta({ content: "a", reasoning_details: [{ data: "x".repeat(300_000) }] }),
      event({
        ...BASE,
        choices: [
          { index: 0, delta: { content: "b" }, logprobs: { content: ["y".repeat(90_000)] } },
        ],
      }),
      event({
        ...BASE,
        model: "m".repeat(90_000),
        choices: [{ index: 0, delta: { content: "c" } }],
      }),
    );
    expect(longestLine).toBeLessThan(64 * 1024);
    expect(last).toBe("[DONE]");
  });
});

describe("who waits for whom", () => {
  const STREAM = { headers: { "content-type": "text/event-stream" } };

  test("lets go of the provider when the request is over", async () => {
    const released = Promise.withResolvers<void>();
    const body = new ReadableStream<Uint8Array>({ cancel: () => released.resolve() });
    const life = new GiveUp();
    const relay = relayWith();
    const writer = openSseWriter(() => life.abort());
    void relayStream(
      new Response(body, STREAM),
      { ...relay, context: { ...relay.context, signal: life } },
      writer,
    );
    await writer.readable.cancel();
    await released.promise;
  });

  test("gives a silent provider up in time", async () => {
    const clock = createManualClock();
    const relay = relayWith({ timeoutMs: 5_000 });
    const writer = openSseWriter(() => {});
    const told = readStream({ body: writer.readable });
    const relaying = relayStream(
      new Response(new ReadableStream(), STREAM),
      { ...relay, context: { ...relay.context, after: clock.after } },
      writer,
    );
    await clock.advance(5_000);
    await relaying;
    expect((await told).chunks).toMatchObject([{ error: { code: "upstream_timeout" } }]);
    expect(clock.waiting()).toBe(0);
  });

  test("blames no provider for a client that reads slowly", async () => {
    const clock = createManualClock();
    const relay = relayWith({ timeoutMs: 5_000 });
    const writer = openSseWriter(() => {});
    const relaying = relayStream(
      answerOf(HELLO),
      { ...relay, context: { ...relay.context, after: clock.after } },
      writer,
    );
    await clock.advance(60_000);
    expect(await new Response(writer.readable).text()).toContain("Hel");
    await relaying;
    expect(clock.waiting()).toBe(0);
  });

  test("reads no more from the provider than the client takes", async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new TextEncoder().encode(HELLO[1]));
      },
    });
    const writer = openSseWriter(() => {});
    const life = new GiveUp();
    const relay = relayWith();
    const relaying = relayStream(
      new Response(body, STREAM),
      { ...relay, context: { ...relay.context, signal: life } },
      writer,
    );
    const reader = writer.readable.getReader();
    for (let round = 0; round < 10; round += 1) await reader.read(); // oxlint-disable-line no-await-in-loop
    expect(sent).toBeLessThan(14);
    life.abort();
    await reader.cancel();
    await relaying;
  });
});

describe("whole answers", () => {
  const WHOLE = {
    id: "c1",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "Hello", reasoning_content: "hm" },
        finish_reason: "stop",
      },
    ],
    usage: { total_tokens: 3 },
  };

  function whole(answer: JsonObject | string): Promise<JsonObject> {
    const text = typeof answer === "string" ? answer : JSON.stringify(answer);
    return relayWhole(
      new Response(text, { headers: { "content-type": "application/json" } }),
      relayWith(),
    );
  }

  test("keep what the contract names, and gain what it demands", async () => {
    expect(
      await whole({ ...WHOLE, event: { type: "execute" }, sources: [], provider: "x" }),
    ).toEqual({
      ...WHOLE,
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Hello", reasoning_content: "hm", refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
    });
  });

  test("have calls a client can run", async () => {
    const answer = await whole({
      choices: [{ message: { tool_calls: [{ function: { name: "f", arguments: { a: 1 } } }] } }],
    });
    expect(answer).toMatchObject({
      id: HEAD.id,
      choices: [
        {
          message: {
            content: null,
            tool_calls: [
              {
                id: expect.stringMatching(/^call_/),
                type: "function",
                function: { name: "f", arguments: '{"a":1}' },
              },
            ],
          },
          finish_reason: "tool_calls",
        },
      ],
    });
  });

  test.each([
    ["an error in a 200", { error: { message: "no credits" } }, /no credits/],
    ["no JSON", "<html>", /no JSON/],
    ["no choices", { id: "x" }, /empty/],
  ])("are refused when they are none: %s", async (_, answer, reason) => {
    const refused = whole(answer);
    await expect(refused).rejects.toBeInstanceOf(ProviderError);
    await expect(refused).rejects.toThrow(reason);
  });

  test("come as a stream where one was asked for", async () => {
    const writer = openSseWriter(() => {});
    const told = readStream({ body: writer.readable });
    await relayStream(Response.json(WHOLE), relayWith(), writer);
    const { chunks, text, last } = await told;
    expect([text, last]).toEqual(["Hello", "[DONE]"]);
    expect(chunks).toMatchObject([
      {
        object: "chat.completion.chunk",
        choices: [{ delta: { role: "assistant" }, finish_reason: "stop" }],
        usage: { total_tokens: 3 },
      },
    ]);
  });
});
