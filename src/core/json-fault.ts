/** How deep faults are looked for; deeper ones are named without their place. */
const MAX_DEPTH = 200;

/** Regular expressions must not be led over megabytes. */
const MAX_TEXT = 256 * 1_024;

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * Where a text that `JSON.parse` refused stops being JSON, in words for a person. The engine's own
 * message names a place only sometimes, and quotes the text.
 */
export function findJsonFault(text: string): string {
  if (text.length > MAX_TEXT) return "it is too long to say where";
  const fault = new Scan(text).run();
  if (fault === undefined) return "it is nested too deeply";
  const found = text.slice(fault.at, fault.at + 1);
  const seen = found === "" ? "the end" : `"${found}"`;
  return `expected ${fault.wanted} at position ${fault.at + 1}, found ${seen}`;
}

/** The same as an index; 0 where it is not known. */
export function indexOfJsonFault(text: string): number {
  return text.length > MAX_TEXT ? 0 : (new Scan(text).run()?.at ?? 0);
}

type Fault = Readonly<{ at: number; wanted: string }>;

class Scan {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): Fault | undefined {
    const fault = this.#value(0);
    if (fault !== undefined) return fault.wanted === "" ? undefined : fault;
    this.#take(SPACE);
    return { at: this.#at, wanted: "the end" };
  }

  #value(depth: number): Fault | undefined {
    this.#take(SPACE);
    const open = this.#text[this.#at];
    if (depth > MAX_DEPTH) return { at: this.#at, wanted: "" };
    if (open === "{") return this.#list("}", depth, () => this.#key());
    if (open === "[") return this.#list("]", depth, () => undefined);
    if (this.#take(STRING) || this.#take(SCALAR)) return undefined;
    return { at: this.#at, wanted: open === '"' ? "a complete string" : "a value" };
  }

  #list(close: string, depth: number, before: () => Fault | undefined): Fault | undefined {
    this.#at += 1;
    this.#take(SPACE);
    if (this.#is(close)) return undefined;
    for (;;) {
      const fault = before() ?? this.#value(depth + 1);
      if (fault !== undefined) return fault;
      this.#take(SPACE);
      if (this.#is(close)) return undefined;
      if (!this.#is(",")) return { at: this.#at, wanted: `"," or "${close}"` };
    }
  }

  #key(): Fault | undefined {
    this.#take(SPACE);
    if (!this.#take(STRING)) return { at: this.#at, wanted: "a name in double quotes" };
    this.#take(SPACE);
    return this.#is(":") ? undefined : { at: this.#at, wanted: '":"' };
  }

  #is(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    this.#at += match?.[0].length ?? 0;
    return match !== null;
  }
}
