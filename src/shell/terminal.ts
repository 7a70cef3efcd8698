import type { WriteStream } from "node:tty";

export type Style = Readonly<{
  bold: (text: string) => string;
  dim: (text: string) => string;
  good: (text: string) => string;
  bad: (text: string) => string;
  notice: (text: string) => string;
}>;

const plain = (text: string): string => text;
const code =
  (open: number, close: number) =>
  (text: string): string =>
    `\u001b[${open}m${text}\u001b[${close}m`;

/** Colour only for eyes: not in a file or a pipe, and not against NO_COLOR (no-color.org). */
export function createStyle(
  stream: Pick<WriteStream, "isTTY">,
  env: Readonly<Record<string, string | undefined>>,
): Style {
  const noColor = env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "";
  if (!stream.isTTY || noColor || env["TERM"] === "dumb") {
    return { bold: plain, dim: plain, good: plain, bad: plain, notice: plain };
  }
  return {
    bold: code(1, 22),
    dim: code(2, 22),
    good: code(32, 39),
    bad: code(31, 39),
    notice: code(33, 39),
  };
}

/** Rows with their first columns as wide as the widest; the last column runs free. */
export function alignRows(rows: readonly (readonly string[])[], indent = "  "): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.slice(0, -1).forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    (indent + row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join("  ")).trimEnd(),
  );
}

/** What others wrote must not move the cursor, colour the screen or fill it. */
export function oneLine(text: string, limit = 200): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  const line = text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}

export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
