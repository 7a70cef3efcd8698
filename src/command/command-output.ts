/** What one asked for goes to stdout, what is said about it to stderr: the first may be piped on. */
export type CommandOutput = Readonly<{
  print: (line: string) => void;
  tell: (line: string) => void;
}>;

export const CONSOLE_OUTPUT: CommandOutput = {
  print: (line) => console.log(line),
  tell: (line) => console.error(line),
};
