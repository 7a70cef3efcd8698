import type { Answering } from "../chat/answering.ts";
import { asGatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { asOpenaiError, finerOf } from "./openai-errors.ts";
import type { ResponseEvent } from "./responses-output.ts";
import { type ResponseParts, ResponseTeller } from "./responses-teller.ts";
import type { SseWriter } from "./sse-writer.ts";

/** Open WebUI's reader gives up on a longer line, with everything behind it. */
const MAX_LINE = 64 * 1_024;

/** The whole answer as one response object. */
export async function asResponse(answering: Answering, parts: ResponseParts): Promise<JsonObject> {
  const teller = new ResponseTeller(parts);
  teller.open();
  await answering.run((events) => {
    for (const event of events) teller.tell(event);
  });
  return teller.response();
}

/** Tells the answer as the events of a response, to the end; never throws. */
export async function asResponses(
  answering: Answering,
  parts: ResponseParts,
  writer: SseWriter,
): Promise<void> {
  const teller = new ResponseTeller(parts);
  const number = createNumbering(parts.style === "function" ? MAX_LINE : Infinity);
  // Goes out with whatever comes first.
  let opening = number(teller.open());
  const withOpening = (told: readonly ResponseEvent[]): readonly string[] => {
    const out = [...opening, ...number(told)];
    opening = [];
    return out;
  };
  let last: Promise<void> | undefined;
  // Tools that run together tell of themselves at the same time, and numbers must not cross.
  const send = (out: readonly string[]): Promise<void> => {
    last = last === undefined ? writer.write(out) : last.then(() => writer.write(out));
    return last;
  };
  try {
    await answering.run((events) => {
      const out = withOpening(events.flatMap((event) => teller.tell(event)));
      return out.length === 0 ? undefined : send(out);
    });
  } catch (thrown) {
    const known = asGatewayError(thrown);
    const { error } = asOpenaiError(known, finerOf(known));
    // Open WebUI reads the first, SDKs raise the second.
    const told = [...teller.fail(error), { ...error, type: "error", error }];
    await send(withOpening(told));
  } finally {
    await writer.close();
  }
}

/** Events with their numbers, as they are written. */
function createNumbering(maxLine: number): (events: readonly ResponseEvent[]) => string[] {
  let next = 0;
  return (events) =>
    events.flatMap((event) => {
      const whole = write(event, next);
      const text = byteLength(whole) <= maxLine ? whole : writeShorter(event, next);
      if (text === undefined) return [];
      next += 1;
      return [text];
    });
}

function write({ type, ...members }: ResponseEvent, number: number): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number, ...members })}\n\n`;
}

/** What says again what has been told in pieces can be left out. */
function writeShorter(event: ResponseEvent, number: number): string | undefined {
  const { response } = event;
  if (!isJsonObject(response)) return undefined;
  const { output: _, ...rest } = response;
  return write({ ...event, response: rest }, number);
}

/** Texts that are surely short enough are not looked at. */
function byteLength(text: string): number {
  return text.length * 3 < MAX_LINE ? text.length : new TextEncoder().encode(text).length;
}
