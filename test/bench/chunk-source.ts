import { createServer, type ServerResponse } from "node:http";
import { once } from "node:events";

/**
 * A language model's provider in a process of its own. The model's name says how it streams:
 * `per-20-4000` writes 20 chunks at a time and 4,000 in all; `first` one chunk that holds the time it
 * was sent; `paced` as much as is taken, slowly; `flood` the same as fast as it is taken.
 */
const PACED = { chunks: 200, everyMs: 5 };
const FLOOD_BYTES = 64 * 1_024 * 1_024;

let flooded = 0;

const server = createServer((request, response) => {
  if (request.url === "/flooded") {
    response.end(String(flooded));
    return;
  }
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (text: string) => (body += text));
  request.on("end", () => void answer(String(JSON.parse(body).model), response));
});

async function answer(model: string, response: ServerResponse): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(chunk({ role: "assistant", content: "" }));
  const [kind, size, count] = model.split("-");
  if (kind === "per") await writeMany(response, Number(size), Number(count));
  if (kind === "first") {
    await sleep(5);
    response.write(chunk({ content: String(performance.timeOrigin + performance.now()) }));
    await sleep(5);
  }
  if (kind === "paced") {
    for (let sent = 0; sent < PACED.chunks; sent += 1) {
      response.write(chunk({ content: `token ${sent} ` }));
      await sleep(PACED.everyMs);
    }
  }
  if (kind === "flood") await flood(response);
  response.write(chunk({}, "stop"));
  response.end("data: [DONE]\n\n");
}

async function writeMany(
  response: ServerResponse,
  perWrite: number,
  chunks: number,
): Promise<void> {
  for (let sent = 0; sent < chunks; sent += perWrite) {
    let text = "";
    for (let one = 0; one < perWrite; one += 1) text += chunk({ content: ` token ${sent + one}` });
    if (!response.write(text)) await once(response, "drain");
    // Otherwise Node makes one write of many.
    else await new Promise(setImmediate);
  }
}

async function flood(response: ServerResponse): Promise<void> {
  flooded = 0;
  const event = chunk({ content: "x".repeat(1_000) });
  const gone = once(response, "close");
  const isOver = (): boolean => response.closed || response.destroyed;
  while (flooded < FLOOD_BYTES && !isOver()) {
    flooded += event.length;
    if (response.write(event)) continue;
    await Promise.race([once(response, "drain"), gone]);
  }
}

function chunk(delta: object, finish: string | null = null): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
  const head = {
    id: "chatcmpl-bench",
    object: "chat.completion.chunk",
    created: 1,
    model: "bench",
  };
  return `data: ${JSON.stringify({ ...head, choices })}\n\n`;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) {
    console.log(`listening on http://127.0.0.1:${address.port}`);
  }
});
