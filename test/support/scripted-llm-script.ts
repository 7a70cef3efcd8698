/** One line of a script, understood. The grammar stands in `scripted-llm.ts`. */
export type Step =
  | Readonly<{ kind: "say"; text: string }>
  | Readonly<{ kind: "think"; text: string }>
  | Readonly<{ kind: "call"; name: string; json: string }>
  | Readonly<{ kind: "chunks"; count: number; size: number; perWrite: number }>
  | Readonly<{ kind: "echo" }>
  | Readonly<{ kind: "stamp"; count: number }>
  | Readonly<{ kind: "pause"; ms: number }>
  | Readonly<{ kind: "raw"; of: "delta" | "chunk" | "text"; text: string }>
  | Readonly<{ kind: "finish"; reason: string }>
  | Readonly<{ kind: "slow"; ms: number }>
  | Readonly<{ kind: "ttfb"; ms: number }>
  | Readonly<{ kind: "fault"; what: string; times: number; detail: string }>
  | Readonly<{ kind: "reject"; name: string }>;

export const ARGUMENT_STYLES = ["split", "string", "whole", "object", "bad", "empty"] as const;
export type ArgumentStyle = (typeof ARGUMENT_STYLES)[number];

const FLAGS = [
  "NOUSAGE",
  "NODONE",
  "REPEATID",
  "EMPTYID",
  "SAMEID",
  "NOID",
  "NOINDEX",
  "INTERLEAVE",
  "UPPER",
  "CRLF",
] as const;
export type Flag = (typeof FLAGS)[number];

export type Script = Readonly<{
  /** Steps by round of tools. */
  parts: readonly (readonly Step[])[];
  flags: ReadonlySet<Flag>;
  args: ArgumentStyle | undefined;
  /** Bytes of a write, whatever it cuts. */
  shred: number | undefined;
  /** How many rounds call tools. */
  loop: number | undefined;
}>;

/** Undefined when the text holds no command at all. */
export function parseScript(text: string): Script | undefined {
  const parts: Step[][] = [[]];
  const flags = new Set<Flag>();
  let [args, shred, loop, known]: [ArgumentStyle?, number?, number?, boolean?] = [];
  for (const line of text.split("\n")) {
    const [, word = "", rest = ""] = /^([A-Z0-9]{2,})(?: (.*))?$/s.exec(line.trim()) ?? [];
    const flag = FLAGS.find((one) => one === word);
    const step = STEPS[word]?.(rest.trim());
    if (step !== undefined) parts.at(-1)?.push(step);
    else if (word === "THEN") parts.push([]);
    else if (flag !== undefined) flags.add(flag);
    else if (word === "ARGS") args = ARGUMENT_STYLES.find((style) => style === rest.trim());
    else if (word === "SHRED") shred = numberIn(rest, 7);
    else if (word === "LOOP") loop = numberIn(rest, Number.POSITIVE_INFINITY);
    else continue;
    known = true;
  }
  return known === true ? { parts, flags, args, shred, loop } : undefined;
}

const STEPS: Readonly<Record<string, (rest: string) => Step>> = {
  SAY: (text) => ({ kind: "say", text: unescape(text) }),
  MIX: (text) => ({ kind: "say", text: unescape(text === "" ? "Let me look." : text) }),
  THINK: (text) => ({ kind: "think", text: unescape(text) }),
  CALL: (rest) => {
    const [name, json] = firstWord(rest);
    return { kind: "call", name, json: json === "" ? "{}" : json };
  },
  CHUNKS: (rest) => {
    const [count = 1, size = 4, perWrite = 1] = rest.split(/\s+/).map(Number);
    return { kind: "chunks", count, size, perWrite };
  },
  BIG: (rest) => ({ kind: "chunks", count: 1, size: numberIn(rest, 65_536), perWrite: 1 }),
  ECHO: () => ({ kind: "echo" }),
  STAMP: (rest) => ({ kind: "stamp", count: numberIn(rest, 1) }),
  PAUSE: (rest) => ({ kind: "pause", ms: numberIn(rest, 100) }),
  RAW: (text) => ({ kind: "raw", of: "delta", text }),
  RAWCHUNK: (text) => ({ kind: "raw", of: "chunk", text }),
  RAWTEXT: (text) => ({ kind: "raw", of: "text", text: unescape(text) }),
  FINISH: (reason) => ({ kind: "finish", reason }),
  SLOW: (rest) => ({ kind: "slow", ms: numberIn(rest, 10) }),
  TTFB: (rest) => ({ kind: "ttfb", ms: numberIn(rest, 100) }),
  ERR: (rest) => {
    const [what, detail] = firstWord(rest);
    return { kind: "fault", what, times: Number.POSITIVE_INFINITY, detail };
  },
  ERRONCE: (rest) => {
    const [what, more] = firstWord(rest);
    const [times, detail] = firstWord(more);
    return { kind: "fault", what, times: numberIn(times, 1), detail };
  },
  REJECT: (name) => ({ kind: "reject", name }),
};

function firstWord(text: string): [word: string, rest: string] {
  const end = text.indexOf(" ");
  return end < 0 ? [text, ""] : [text.slice(0, end), text.slice(end + 1).trim()];
}

function numberIn(text: string, otherwise: number): number {
  const number = Number(text.trim());
  return text.trim() === "" || Number.isNaN(number) ? otherwise : number;
}

function unescape(text: string): string {
  return text.replaceAll("\\n", "\n").replaceAll("\\r", "\r");
}
