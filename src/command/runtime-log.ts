import { oneLine } from "../shell/terminal.ts";

const LOG_LINE = 2_000;

/**
 * What workerd itself says when a backend cannot be reached: our code has handled it by then, and
 * shows it as the state of the backend. Its stacks are addresses inside its own binary. And what it
 * takes for no fault itself, such as an alarm that is due while it starts.
 */
const HANDLED =
  /^NOSENTRY |^(?:\w+ = )?rust\/worker\/|workerd\/[a-z/-]+\.(?:c\+\+|h|rs):\d+|Network connection lost|\bdisconnected: |failed to lookup address|wdErrId = /;

/** The line a person at the terminal should see of something the runtime said, if any. */
export function describeRuntimeLine(message: string): string | undefined {
  if (message.startsWith('{"level":')) return oneLine(message, LOG_LINE); // the Worker's own log
  if (HANDLED.test(message)) return undefined;
  const [text = ""] = message.split(/\s+stack: |\n\s+at /);
  return oneLine(text, LOG_LINE);
}
