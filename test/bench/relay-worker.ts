import { openAnswer } from "../../src/chat/chat-event.ts";
import { GiveUp } from "../../src/core/call-signal.ts";
import { createPatience } from "../../src/core/patience.ts";
import { wayOut, type WayOut } from "../../src/core/way-out.ts";
import { relayStream } from "../../src/openai/raw-relay.ts";
import { isPage, openSseWriter, STREAM_HEADERS } from "../../src/openai/sse-writer.ts";

/** The gateway's relay with nothing around it; its provider is `SOURCE`. */
export default {
  async fetch(
    request: Request,
    env: WayOut & Readonly<{ SOURCE: string }>,
    execution: ExecutionContext,
  ): Promise<Response> {
    const body = await request.text();
    const life = new GiveUp();
    const answer = await wayOut(env)(env.SOURCE, { method: "POST", body });
    const writer = openSseWriter(() => life.abort(), isPage(request));
    const context = {
      signal: life,
      after: createPatience(Date.now),
      waitUntil: (work: Promise<unknown>) => execution.waitUntil(work),
      requestId: "bench",
    };
    const head = openAnswer("bench", Date.now());
    const relay = { provider: "bench", head, timeoutMs: 60_000, context };
    execution.waitUntil(relayStream(answer, relay, writer));
    return new Response(writer.readable, { headers: STREAM_HEADERS });
  },
};
