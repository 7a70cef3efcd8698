/** Exit codes people and scripts may rely on. */
export const EXIT_USAGE = 1;
export const EXIT_PORT_IN_USE = 2;
/** Of the commands that ask a gateway: it is not there, or does not let us in. */
export const EXIT_UNREACHED = 2;
/** The gateway does not want the connector, or (with `--once`) is not there. */
export const EXIT_REFUSED = 3;
/** A local server ended, with `--once`. */
export const EXIT_ENDED = 4;

/** Ends the command with one line and no stack: something the person at the terminal can mend. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT_USAGE, options: { cause?: unknown } = {}) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
