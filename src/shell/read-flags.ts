import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { calledAs } from "./called-as.ts";
import { CommandFailure } from "./command-failure.ts";

export type FlagsToRead<Options extends ParseArgsOptionsConfig> = Readonly<{
  command: string;
  argv: readonly string[];
  options: Options;
  /** The names of words it takes beside flags, for example `FILE`; none unless given. */
  words?: readonly string[];
  /** What to do instead of a flag that is not taken, by its name without dashes. */
  instead?: ReadonlyMap<string, string>;
}>;

/** The values of flags, the words, and what stands behind `--`: undefined when there is none. */
export function readFlags<Options extends ParseArgsOptionsConfig>(flags: FlagsToRead<Options>) {
  const { command, argv, options, instead, words: wanted = [] } = flags;
  const words: string[] = [];
  const end = argv.indexOf("--");
  const own = end === -1 ? [...argv] : argv.slice(0, end);
  const after = end === -1 ? undefined : argv.slice(end + 1);
  const scan = parseArgs({ args: own, options, strict: false, tokens: true });
  for (const token of scan.tokens) {
    if (token.kind === "option-terminator") break;
    if (token.kind === "positional") {
      words.push(token.value);
      if (words.length <= wanted.length) continue;
      throw new CommandFailure(
        `Cannot use ${JSON.stringify(token.value)}: ${command} takes ${["flags", ...wanted].join(" and ")} only (see --help)`,
      );
    }
    if (!Object.hasOwn(options, token.name)) {
      const advice = instead?.get(token.name);
      throw new CommandFailure(
        advice === undefined
          ? `Unknown flag ${token.rawName}: see "${calledAs(command, "--help")}"`
          : `Cannot use ${token.rawName}: ${advice}`,
      );
    }
    requireValue(token, options[token.name]?.type === "string");
  }
  const { values } = parseArgs({ args: own, options, allowPositionals: true });
  return { values, after, words };
}

type GivenFlag = Readonly<{
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}>;

/** Node would say it in two sentences, with advice of which half does not fit. */
function requireValue({ rawName, value, inlineValue }: GivenFlag, isWanted: boolean): void {
  if (!isWanted) {
    if (value !== undefined) throw new CommandFailure(`${rawName}: takes no value`);
    return;
  }
  if (value === undefined)
    throw new CommandFailure(`${rawName}: missing, wanted a value (see --help)`);
  if (inlineValue !== true && value.length > 1 && value.startsWith("-")) {
    const written = rawName.startsWith("--") ? `${rawName}=VALUE` : `${rawName}VALUE`;
    throw new CommandFailure(`${rawName}: followed by a flag, wanted a value (or ${written})`);
  }
}

export function readText(flag: string, text: string | undefined): string | undefined {
  if (text === undefined || text.trim() !== "") return text;
  throw new CommandFailure(`${flag}: empty, wanted a value`);
}

export function readMatching(
  flag: string,
  text: string | undefined,
  { pattern, wanted }: { pattern: RegExp; wanted: string },
): string | undefined {
  if (text === undefined || pattern.test(text)) return text;
  throw new CommandFailure(`${flag}: ${JSON.stringify(text)}, wanted ${wanted}`);
}

/** Only an origin: the gateway's paths hang below it, and metadata names it as the issuer. */
export function readPublicUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    /^\/?$/.test(url.pathname + url.search)
  ) {
    return url.origin;
  }
  throw new CommandFailure(
    `--public-url: ${JSON.stringify(text)}, wanted an address without a path such as https://mcp.example.com`,
  );
}

const SECONDS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["s", 1],
  ["m", 60],
  ["h", 3_600],
  ["d", 86_400],
  ["w", 7 * 86_400],
]);

/** `90`, `12h`, `30d`: whole seconds. */
export function readDuration(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, count = "", unit = ""] = /^(\d{1,9})([smhdw]?)$/.exec(text) ?? [];
  const seconds = Number(count) * (SECONDS.get(unit) ?? 0);
  if (seconds > 0) return seconds;
  throw new CommandFailure(
    `${flag}: ${JSON.stringify(text)}, wanted a time such as 12h, 30d or 8w`,
  );
}
