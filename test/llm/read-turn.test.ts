import { describe, expect, test } from "vitest";
import { GiveUp } from "../../src/core/call-signal.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { ProviderError } from "../../src/llm/provider-error.ts";
import { readTurn } from "../../src/llm/read-turn.ts";
import type { TurnEvent } from "../../src/llm/turn.ts";
import { createManualClock } from "../support/manual-clock.ts";

const BASE = { id: "c1", object: "chat.completion.chunk", created: 5, model: "m" };
const HEAD = { kind: "head", head: { id: "c1", created: 5, model: "m" } } as const;
const DONE = "data: [DONE]\n\n";
const STOP = { kind: "finish", reason: "stop" } as const;

function event(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function delta(value: JsonObject, more: JsonObject = {}): string {
  return event({ ...BASE, choices: [{ index: 0, delta: value, finish_reason: null }], ...more });
}

function finish(reason: string, more: JsonObject = {}): string {
  return event({ ...BASE, choices: [{ index: 0, delta: {}, finish_reason: reason }], ...more });
}

function call(piece: JsonObject): string {
  return delta({ tool_calls: [piece] });
}

type Wire = Readonly<{ response: Response; isCancelled: () => boolean }>;

/** As a provider would have sent it, cut as given; `hangs` leaves it open. */
function wire(
  parts: readonly (string | Uint8Array)[],
  ends: "closes" | "breaks" | "hangs" = "closes",
): Wire {
  const encoder = new TextEncoder();
  const left = [...parts];
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const part = left.shift();
      if (part !== undefined) {
        controller.enqueue(typeof part === "string" ? encoder.encode(part) : part);
        return undefined;
      }
      if (ends === "hangs") return new Promise<void>(() => {});
      if (ends === "breaks") controller.error(new Error("socket"));
      else controller.close();
      return undefined;
    },
    cancel() {
      isCancelled = true;
    },
  });
  return { response: new Response(body), isCancelled: () => isCancelled };
}

function waiting(clock = createManualClock(), signal = new GiveUp()) {
  return { provider: "p", timeoutMs: 60_000, signal, after: clock.after };
}

async function batchesOf(...parts: readonly (string | Uint8Array)[]): Promise<TurnEvent[][]> {
  const batches: TurnEvent[][] = [];
  await readTurn(wire(parts).response, waiting()).forEach((batch) => void batches.push([...batch]));
  return batches;
}

async function eventsOf(...parts: readonly (string | Uint8Array)[]): Promise<TurnEvent[]> {
  return (await batchesOf(...parts)).flat();
}

/** Without the head, which is the same everywhere. */
async function saidBy(...parts: readonly string[]): Promise<TurnEvent[]> {
  return (await eventsOf(...parts)).filter(({ kind }) => kind !== "head");
}

async function partsOf(...parts: readonly string[]): Promise<unknown[]> {
  const events = await eventsOf(...parts, finish("tool_calls"), DONE);
  return events.flatMap((told) => (told.kind === "call" ? [told.part] : []));
}

async function failureOf({ response }: Wire): Promise<{ told: TurnEvent[]; error: ProviderError }> {
  const told: TurnEvent[] = [];
  try {
    await readTurn(response, waiting()).forEach((batch) => void told.push(...batch));
  } catch (error) {
    if (error instanceof ProviderError) return { told, error };
    throw error;
  }
  throw new Error(`did not fail, but told ${JSON.stringify(told)}`);
}

async function codeAndMessage(...parts: readonly string[]): Promise<[string, string]> {
  const { error } = await failureOf(wire(parts));
  return [error.code, error.message];
}

const HELLO = [
  ": OPENROUTER PROCESSING\n\n",
  delta({ role: "assistant", content: "" }),
  ...["Hel", "lo ", "ü😀", 'q"\\n', "\u2028x"].map((content) => delta({ content })),
  call({ index: 0, id: "a", type: "function", function: { name: "f", arguments: "" } }),
  call({ index: 0, function: { arguments: '{"a":"ä"}' } }),
  finish("tool_calls"),
  event({ ...BASE, choices: [], usage: { total_tokens: 3 } }),
  DONE,
];
/** Texts that follow each other put together: how many they are depends on the network. */
const HELLO_EVENTS: readonly TurnEvent[] = [
  HEAD,
  { kind: "delta", delta: { content: 'Hello ü😀q"\\n\u2028x' } },
  { kind: "call", part: { position: 0, id: "a", name: "f" } },
  { kind: "call", part: { position: 0, argumentText: '{"a":"ä"}' } },
  { kind: "finish", reason: "tool_calls" },
  { kind: "usage", usage: { total_tokens: 3 } },
];

function joined(events: readonly TurnEvent[]): readonly TurnEvent[] {
  const all: TurnEvent[] = [];
  for (const told of events) {
    const before = all.at(-1);
    if (told.kind === "delta" && before?.kind === "delta") {
      const content = textOf(before.delta) + textOf(told.delta);
      all[all.length - 1] = { kind: "delta", delta: { content } };
    } else all.push(told);
  }
  return all;
}

function textOf({ content }: JsonObject): string {
  return typeof content === "string" ? content : "";
}

describe("the network", () => {
  test("gives one batch of events per read, and none for reads that say nothing", async () => {
    const batches = await batchesOf(
      HELLO.slice(0, 2).join(""),
      HELLO.slice(2, 5).join(""),
      ": keepalive\n\n",
      HELLO.slice(5).join(""),
    );
    expect(batches.map((batch) => batch.length)).toEqual([1, 2, 5]);
    expect(joined(batches.flat())).toEqual(HELLO_EVENTS);
  });

  test("gives the same events wherever it cuts them, whatever ends a line", async () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const bytes = new TextEncoder().encode(HELLO.join("").replaceAll("\n", end));
      const cuts = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1);
      // oxlint-disable-next-line no-await-in-loop
      const all = await Promise.all(
        cuts.map((cut) => eventsOf(bytes.subarray(0, cut), bytes.subarray(cut))),
      );
      for (const events of all) expect(joined(events)).toEqual(HELLO_EVENTS);
      const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
      // oxlint-disable-next-line no-await-in-loop
      expect(joined(await eventsOf(...single))).toEqual(HELLO_EVENTS);
    }
  });

  test("reads a BOM, data over several lines, and a last event without its empty line", async () => {
    const text = `\ufeffid: 4\ndata:{"choices":[{"delta":\ndata:{"content":"a"},"finish_reason":"stop"}]}`;
    expect(await saidBy(text)).toEqual([{ kind: "delta", delta: { content: "a" } }, STOP]);
  });

  test("tells all that came before a break, and then the break", async () => {
    const { told, error } = await failureOf(wire([delta({ content: "a" })], "breaks"));
    expect(told).toEqual([HEAD, { kind: "delta", delta: { content: "a" } }]);
    expect([error.code, error.message]).toEqual([
      "backend_failed",
      'Cannot answer: provider "p" failed: its answer broke off',
    ]);
    const both = await failureOf(wire([delta({ content: "a" }) + event({ error: "x" })]));
    expect(both.told).toEqual([HEAD, { kind: "delta", delta: { content: "a" } }]);
  });

  test("takes a stream that breaks after its finish as complete", async () => {
    const events: TurnEvent[] = [];
    const { response } = wire([delta({ content: "a" }), finish("stop")], "breaks");
    await readTurn(response, waiting()).forEach((batch) => void events.push(...batch));
    expect(events.at(-1)).toEqual(STOP);
  });

  test("gives up on a provider that falls silent", async () => {
    const clock = createManualClock();
    const { response, isCancelled } = wire([delta({ content: "a" })], "hangs");
    const shown = Promise.withResolvers<void>();
    const failed = readTurn(response, waiting(clock))
      .forEach(() => shown.promise)
      .catch((error: unknown) => error);
    // What the reader takes for itself is not the provider's silence.
    await clock.advance(200_000);
    shown.resolve();
    await clock.advance(59_000);
    expect(isCancelled()).toBe(false);
    await clock.advance(16_000);
    expect(await failed).toMatchObject({
      code: "backend_timeout",
      message: 'Cannot answer: provider "p" said nothing for 60 s',
    });
    expect([isCancelled(), clock.waiting()]).toEqual([true, 0]);
  });

  test("lets go at once when the request is cancelled", async () => {
    const signal = new GiveUp();
    const clock = createManualClock();
    const { response, isCancelled } = wire([delta({ content: "a" })], "hangs");
    const failed = readTurn(response, waiting(clock, signal))
      .forEach(() => {})
      .catch((error: unknown) => error);
    await clock.advance(0);
    signal.abort();
    expect(await failed).toMatchObject({ code: "cancelled" });
    expect([isCancelled(), clock.waiting()]).toEqual([true, 0]);
    const late = wire([], "hangs");
    const refused = readTurn(late.response, waiting(clock, signal)).forEach(() => {});
    await expect(refused).rejects.toMatchObject({ code: "cancelled" });
    expect(late.isCancelled()).toBe(true);
  });

  test("lets go when the events are not taken", async () => {
    const clock = createManualClock();
    const { response, isCancelled } = wire([delta({ content: "a" })], "hangs");
    const refused = readTurn(response, waiting(clock)).forEach(() => {
      throw new Error("not taken");
    });
    await expect(refused).rejects.toThrow("not taken");
    expect([isCancelled(), clock.waiting()]).toEqual([true, 0]);
  });

  test("reads no further until the events are taken", async () => {
    const shown = Promise.withResolvers<void>();
    const taken: number[] = [];
    const { response } = wire([delta({ content: "a" }), finish("stop"), DONE]);
    const reading = readTurn(response, waiting()).forEach((batch) => {
      taken.push(batch.length);
      return shown.promise;
    });
    await createManualClock().advance(1);
    expect(taken).toEqual([2]);
    shown.resolve();
    await reading;
    expect(taken).toEqual([2, 1]);
  });

  test("lets a complete stream end by itself, and waits for that no longer than a second", async () => {
    const clock = createManualClock();
    const { response, isCancelled } = wire([...HELLO], "hangs");
    const events: TurnEvent[] = [];
    await readTurn(response, waiting(clock)).forEach((batch) => void events.push(...batch));
    expect(joined(events)).toEqual(HELLO_EVENTS);
    expect(isCancelled()).toBe(false);
    await clock.advance(1_000);
    expect(isCancelled()).toBe(true);
  });

  test("refuses an event without end", async () => {
    const endless = Array.from({ length: 5 }, () => "x".repeat(1024 * 1024));
    expect(await codeAndMessage(`data: {"a":"`, ...endless)).toEqual([
      "backend_failed",
      'Cannot answer: provider "p" failed: an event of its stream is too large',
    ]);
  });
});

describe("deltas", () => {
  test.each<[string, JsonObject, JsonObject | undefined]>([
    ["the role", { role: "assistant" }, undefined],
    ["nothing", { content: "", refusal: null, tool_calls: [] }, undefined],
    ["text with a role", { role: "assistant", content: "a", refusal: null }, { content: "a" }],
    [
      "reasoning of every name",
      { content: null, reasoning_content: "a" },
      { content: null, reasoning_content: "a" },
    ],
    ["reasoning", { reasoning: "a" }, { reasoning: "a" }],
    [
      "reasoning details",
      { reasoning_details: [{ type: "x", data: "é" }] },
      { reasoning_details: [{ type: "x", data: "é" }] },
    ],
    [
      "what nobody here knows",
      { content: "a", extra_content: { google: { thought_signature: "s" } }, new_key: 1 },
      { content: "a", extra_content: { google: { thought_signature: "s" } }, new_key: 1 },
    ],
    [
      "parts of text",
      {
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      },
      { content: "ab" },
    ],
    [
      "Mistral's thinking",
      { content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] },
      { reasoning_content: "hm" },
    ],
    [
      "pictures among parts",
      { content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AA==" } }] },
      { images: [{ type: "image_url", image_url: { url: "data:image/png;base64,AA==" } }] },
    ],
    [
      "a function call of old",
      { function_call: { name: "f", arguments: "" } },
      { function_call: { name: "f", arguments: "" } },
    ],
  ])("are read: %s", async (_, given, expected) => {
    const events = await saidBy(delta(given), finish("length"), DONE);
    expect(events.slice(0, -1)).toEqual(
      expected === undefined ? [] : [{ kind: "delta", delta: expected }],
    );
  });

  test("carry logprobs along", async () => {
    const logprobs = { content: [{ token: "a", logprob: -1 }] };
    const choice = { index: 0, delta: { content: "a" }, logprobs };
    const [first] = await saidBy(event({ ...BASE, choices: [choice] }), finish("stop"), DONE);
    expect(first).toEqual({ kind: "delta", delta: { content: "a" }, logprobs });
  });

  test("come from the first choice alone", async () => {
    const choices = [1, 0].map((index) => ({ index, delta: { content: `${index}` } }));
    const [first, ...rest] = await saidBy(event({ ...BASE, choices }), finish("stop"), DONE);
    expect([first, ...rest]).toEqual([{ kind: "delta", delta: { content: "0" } }, STOP]);
  });

  test("let nothing through that stands beside the choices (case 18)", async () => {
    const hostile = {
      event: { type: "execute", data: { code: "alert(1)" } },
      output: [{ type: "message" }],
      sources: [{ source: { name: "x" } }],
      selected_model_id: "x",
      type: "response.completed",
      done: true,
      content: "forged",
      provider: "x",
      timings: { prompt_n: 1 },
      citations: [],
      obfuscation: "abc",
    };
    const events = await eventsOf(
      event(hostile),
      event({ ...hostile, choices: [] }),
      delta({ content: "a" }, hostile),
      `event: execute\n${delta({ content: "b" }, hostile)}`,
      finish("stop", hostile),
      DONE,
    );
    expect(events).toEqual([
      HEAD,
      { kind: "delta", delta: { content: "a" } },
      { kind: "delta", delta: { content: "b" } },
      STOP,
    ]);
  });
});

describe("texts that arrive together", () => {
  const FIRST = delta({ role: "assistant", content: "" });
  const texts = ["a", 'q"\\', "\n\u0000ü", "\ud83d", "\ude00", "{}\n\ndata: x"];

  test.each<[string, (text: string) => JsonObject, string]>([
    ["content", (content) => ({ content }), "content"],
    ["reasoning", (reasoning) => ({ content: null, reasoning }), "reasoning"],
    [
      "what vLLM thinks",
      (text) => ({ content: null, reasoning_content: text }),
      "reasoning_content",
    ],
  ])("are told together: %s", async (_, deltaOf, key) => {
    const events = await saidBy(
      FIRST + texts.map((text) => delta(deltaOf(text))).join(""),
      finish("stop"),
      DONE,
    );
    expect(events).toEqual([
      { kind: "delta", delta: deltaOf("a") },
      { kind: "delta", delta: { ...deltaOf("a"), [key]: texts.slice(1).join("") } },
      STOP,
    ]);
  });

  test.each<[string, (text: string) => string]>([
    [
      "logprobs",
      (content) =>
        event({
          ...BASE,
          choices: [{ delta: { content }, logprobs: { content: [{ token: "t" }] } }],
        }),
    ],
    [
      "something else",
      (content) => delta({ content, reasoning_details: [{ type: "x", data: "d" }] }),
    ],
    ["two texts", (content) => delta({ content, reasoning: "r" })],
    [
      "an end",
      (content) =>
        event({
          ...BASE,
          choices: [{ delta: { content } }],
          usage: { total_tokens: content.length },
        }),
    ],
    ["a field of its own", (content) => `id: ${content}\n${delta({ content })}`],
    ["fields in several lines", (content) => delta({ content }).replaceAll("\n", "\r\n")],
  ])("stay apart where they come with %s", async (_, eventOf) => {
    const events = await saidBy(
      FIRST + ["a", "bc", "def"].map(eventOf).join(""),
      finish("stop"),
      DONE,
    );
    expect(
      events.flatMap((told) => (told.kind === "delta" ? [told.delta["content"]] : [])),
    ).toEqual(["a", "bc", "def"]);
  });

  test("are none after the answer is complete, and none of a broken text", async () => {
    const after = [FIRST, delta({ content: "a" }), DONE, delta({ content: "b" })].join("");
    expect(await saidBy(after)).toEqual([{ kind: "delta", delta: { content: "a" } }, STOP]);
    const broken = [
      FIRST,
      delta({ content: "a" }),
      delta({ content: "x" }).replace('"x"', '"x\u0001"'),
    ];
    expect(await codeAndMessage(broken.join(""))).toEqual([
      "backend_failed",
      'Cannot answer: provider "p" failed: an event of its stream is not valid JSON',
    ]);
  });
});

describe("calls", () => {
  test("keep their places by index, as pieces of several interleave", async () => {
    const parts = await partsOf(
      call({ index: 0, id: "a", function: { name: "f", arguments: "" } }),
      call({ index: 1, id: "b", function: { name: "g", arguments: "" } }),
      call({ index: 0, function: { arguments: "{" } }),
      call({ index: 1, function: { arguments: "[" } }),
      call({ index: 0, function: { arguments: "}" } }),
    );
    expect(parts).toEqual([
      { position: 0, id: "a", name: "f" },
      { position: 1, id: "b", name: "g" },
      { position: 0, argumentText: "{" },
      { position: 1, argumentText: "[" },
      { position: 0, argumentText: "}" },
    ]);
  });

  test.each<[string, readonly JsonObject[], readonly number[]]>([
    [
      "a new id without index begins one",
      [
        { id: "a", function: { name: "f" } },
        { id: "b", function: { name: "f" } },
      ],
      [0, 1],
    ],
    [
      "a new name without index and id begins one",
      [{ function: { name: "f" } }, { function: { name: "f" } }],
      [0, 1],
    ],
    [
      "what has neither goes on with the last",
      [{ id: "a", function: { name: "f" } }, { function: { arguments: "1" } }],
      [0, 0],
    ],
    [
      "an id repeated without index goes on with its own",
      [
        { id: "a", function: { name: "f" } },
        { id: "b", function: { name: "g" } },
        { id: "a", function: { arguments: "1" } },
      ],
      [0, 1, 0],
    ],
    [
      "an index repeated with another id and name begins one",
      [
        { index: 0, id: "a", function: { name: "f" } },
        { index: 0, id: "b", function: { name: "g" } },
        { index: 0, function: { arguments: "1" } },
      ],
      [0, 1, 1],
    ],
    [
      "an id and a name in every piece begin none",
      [
        { index: 0, id: "a", function: { name: "f", arguments: "1" } },
        { index: 0, id: "a", function: { name: "f", arguments: "2" } },
        { index: 0, id: "", function: { name: "", arguments: "3" } },
        { index: 0, id: "other", function: { arguments: "4" } },
      ],
      [0, 0, 0, 0],
    ],
    [
      "indexes that begin at 1 are places all the same",
      [
        { index: 1, id: "a", function: { name: "f" } },
        { index: 2, id: "b", function: { name: "g" } },
      ],
      [0, 1],
    ],
    [
      "pieces that say nothing are none",
      [{ index: 0, id: null, function: { name: null, arguments: "" } }, {}],
      [],
    ],
  ])("%s", async (_, pieces, positions) => {
    const parts = await partsOf(...pieces.map(call));
    expect(parts.map((part) => (part as { position: number }).position)).toEqual(positions);
  });

  test("have their arguments as text, also where they came as an object", async () => {
    const whole = { id: "a", function: { name: "f", arguments: { b: [1, "x"] } } };
    expect(await partsOf(call(whole))).toEqual([
      { position: 0, id: "a", name: "f", argumentText: '{"b":[1,"x"]}' },
    ]);
  });

  test("keep what their provider wants back with them", async () => {
    const extra = { extra_content: { google: { thought_signature: "é==" } } };
    const gemini = { type: "function", function: { name: "f", arguments: "{}" }, ...extra };
    const custom = { index: 1, id: "b", type: "custom", custom: { name: "g", input: "text" } };
    expect(await partsOf(call(gemini), call(custom))).toEqual([
      { position: 0, name: "f", argumentText: "{}", extra },
      { position: 1, id: "b", name: "g", argumentText: "text", extra: { type: "custom" } },
    ]);
  });
});

describe("the end", () => {
  const CALL = call({ index: 0, id: "a", function: { name: "f", arguments: "{}" } });
  test.each([
    ["stop", "stop"],
    ["STOP", "stop"],
    ["eos", "stop"],
    ["end_turn", "stop"],
    ["something new", "stop"],
    ["MAX_TOKENS", "length"],
    ["Content_Filter", "content_filter"],
    ["tool_calls", "stop"],
  ])("has OpenAI's word for %s", async (given, reason) => {
    const events = await saidBy(delta({ content: "a" }), finish(given), DONE);
    expect(events.at(-1)).toEqual({ kind: "finish", reason });
  });

  test.each([
    ["stop", "tool_calls"],
    ["function_call", "tool_calls"],
    ["TOOL_CALLS", "tool_calls"],
    ["length", "length"],
  ])("says after a call what is true for %s", async (given, reason) => {
    expect((await saidBy(CALL, finish(given), DONE)).at(-1)).toEqual({ kind: "finish", reason });
  });

  test("comes once, and calls that come behind it count", async () => {
    const events = await saidBy(finish("stop"), CALL, finish("tool_calls"), DONE, DONE);
    expect(events.filter(({ kind }) => kind === "finish")).toEqual([
      { kind: "finish", reason: "tool_calls" },
    ]);
  });

  test.each([
    ["without a reason", delta({ content: "a" }), DONE],
    ["without [DONE]", delta({ content: "a" }), finish("stop")],
  ])("may come %s", async (_, ...parts) => {
    expect((await saidBy(...parts)).at(-1)).toEqual(STOP);
  });

  test("is a failure without either", async () => {
    const cut = [
      "backend_failed",
      'Cannot answer: provider "p" failed: the stream ended before the answer was complete',
    ];
    expect(await codeAndMessage(delta({ content: "a" }))).toEqual(cut);
    expect(await codeAndMessage(delta({ content: "a" }), 'data: {"choices":[{"del')).toEqual(cut);
    expect(await codeAndMessage(": only a comment\n\n")).toEqual(cut);
  });

  test("tells the usage it heard of last, wherever that stood", async () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, prompt_tokens_details: { x: 1 } };
    const early = { usage: { prompt_tokens: 1, completion_tokens: 1 } };
    const told = { kind: "usage", usage };
    const text = delta({ content: "a" }, early);
    expect((await saidBy(text, finish("stop", { usage }), DONE)).at(-1)).toEqual(told);
    const chunk = event({ ...BASE, choices: [], usage });
    expect((await saidBy(text, finish("stop"), chunk, DONE)).at(-1)).toEqual(told);
    const without = await saidBy(delta({ content: "a" }, { usage: null }), finish("stop"), DONE);
    expect(without.at(-1)).toEqual(STOP);
  });
});

describe("a failure in the stream (case 15)", () => {
  const FAILED = 'Cannot answer: provider "p" failed';

  test.each<[string, string, string, string]>([
    ["OpenAI", event({ error: { message: "bad", code: "x" } }), "backend_failed", ": bad"],
    ["a named event", `event: error\n${event({ error: "bad" })}`, "backend_failed", ": bad"],
    ["a named event of text", "event: error\ndata: bad\n\n", "backend_failed", ": bad"],
    ["vLLM", event({ object: "error", message: "bad", code: 500 }), "backend_failed", ": bad"],
    [
      "OpenRouter",
      event({
        ...BASE,
        error: { code: 429, message: "bad" },
        choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }],
      }),
      "rate_limited",
      ": bad",
    ],
    ["a finish", finish("ERROR"), "backend_failed", ""],
    ["DeepSeek's finish", finish("insufficient_system_resource"), "backend_failed", ""],
    [
      "Gemini",
      event([{ error: { code: 503, message: "bad", status: "UNAVAILABLE" } }]),
      "backend_unavailable",
      ": bad",
    ],
    ["Workers AI", event({ errors: [{ code: 3040, message: "bad" }] }), "rate_limited", ": bad"],
    [
      "broken JSON",
      'data: {"response":"half\n\n',
      "backend_failed",
      ": an event of its stream is not valid JSON",
    ],
  ])("is told in the words of %s", async (_, chunk, code, words) => {
    expect(await codeAndMessage(delta({ content: "a" }), chunk, DONE)).toEqual([
      code,
      FAILED + words,
    ]);
  });

  test("is told with OpenAI's finer code, bounded, and without credentials", async () => {
    const message = `too long for sk-abcdefghijklmnop ${"x".repeat(2_000)}`;
    const chunk = event({ error: { message, code: "context_length_exceeded" } });
    const { error } = await failureOf(wire([chunk]));
    expect([error.code, error.finer]).toEqual([
      "invalid_params",
      { code: "context_length_exceeded" },
    ]);
    expect(error.message).not.toContain("abcdefghijklmnop");
    expect(error.message.length).toBeLessThan(600);
  });

  test("is not seen in an error that is null, or in texts that keep a stream open", async () => {
    const events = await saidBy(
      delta({ content: "a" }, { error: null }),
      "data: ping\n\n",
      "data:\n\n",
      finish("stop", { errors: [] }),
      DONE,
    );
    expect(events).toEqual([{ kind: "delta", delta: { content: "a" } }, STOP]);
  });
});

describe("an answer in one piece", () => {
  test("is read like a stream", async () => {
    const message = {
      role: "assistant",
      content: "a",
      refusal: null,
      annotations: [],
      reasoning_content: "hm",
      tool_calls: [{ id: "x", type: "function", function: { name: "f", arguments: "{}" } }],
    };
    const body = {
      id: "c1",
      object: "chat.completion",
      created: 5,
      model: "m",
      service_tier: "default",
      choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
      usage: { total_tokens: 3 },
      event: { type: "execute" },
    };
    const text = JSON.stringify(body, null, 2);
    const events = [
      { kind: "head", head: { id: "c1", created: 5, model: "m", serviceTier: "default" } },
      { kind: "delta", delta: { content: "a", reasoning_content: "hm" } },
      { kind: "call", part: { position: 0, id: "x", name: "f", argumentText: "{}" } },
      { kind: "finish", reason: "tool_calls" },
      { kind: "usage", usage: { total_tokens: 3 } },
    ];
    expect(await batchesOf(" \n", text.slice(0, 9), text.slice(9))).toEqual([events]);
  });

  test("holds each call whole, also where all have one id and one index", async () => {
    const named = (name: string) => ({
      id: "x",
      index: 0,
      function: { name, arguments: `{"of":"${name}"}` },
    });
    const message = { content: null, tool_calls: [named("f"), named("g")] };
    const said = await eventsOf(JSON.stringify({ choices: [{ message, finish_reason: "stop" }] }));
    expect(said.flatMap((told) => (told.kind === "call" ? [told.part] : []))).toEqual([
      { position: 0, id: "x", name: "f", argumentText: '{"of":"f"}' },
      { position: 1, id: "x", name: "g", argumentText: '{"of":"g"}' },
    ]);
  });

  test.each<[string, unknown, string]>([
    ["an error", { error: { message: "bad" } }, ": bad"],
    ["an error in a list", [{ error: { message: "bad" } }], ": bad"],
    ["no choices", { id: "x" }, ": its answer has no choices"],
    ["a list", [1], ": its answer is not an object"],
  ])("fails with %s", async (_, body, words) => {
    expect((await codeAndMessage(JSON.stringify(body)))[1]).toBe(
      `Cannot answer: provider "p" failed${words}`,
    );
  });

  test("fails where it is a page, empty, or half of one", async () => {
    expect((await codeAndMessage("<html>502</html>"))[1]).toContain("it answered with a page");
    expect((await codeAndMessage())[1]).toContain("its answer is empty");
    expect((await codeAndMessage('{"choices":'))[1]).toContain("its answer is not valid JSON");
  });
});

describe("Workers AI in its own dialect", () => {
  const CALLS = { tool_calls: [{ name: "f", arguments: { a: 1 } }] };
  const EVENTS = [
    { kind: "head", head: { id: "", created: 0, model: "" } },
    { kind: "delta", delta: { content: "a" } },
    { kind: "call", part: { position: 0, name: "f", argumentText: '{"a":1}' } },
    { kind: "finish", reason: "tool_calls" },
    { kind: "usage", usage: { total_tokens: 3 } },
  ];

  test("is read as a stream", async () => {
    const usage = { response: "", usage: { total_tokens: 3 } };
    const chunks = [{ response: "a", p: "abc" }, { response: "", ...CALLS }, usage];
    expect(await eventsOf(...chunks.map(event), DONE)).toEqual(EVENTS);
  });

  test("is read in one piece, also inside the result of its REST API", async () => {
    const body = { response: "a", ...CALLS, usage: { total_tokens: 3 } };
    expect(await eventsOf(JSON.stringify(body))).toEqual(EVENTS);
    const wrapped = { result: body, success: true, errors: [], messages: [] };
    expect(await eventsOf(JSON.stringify(wrapped))).toEqual(EVENTS);
    const structured = await saidBy(JSON.stringify({ response: { a: 1 } }));
    expect(structured).toEqual([{ kind: "delta", delta: { content: '{"a":1}' } }, STOP]);
  });
});
