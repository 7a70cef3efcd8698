import { expect } from "vitest";
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import type { Heard, Line, Speaker } from "./conversation.ts";

/** What a whole conversation sounded like, line by line. */
export type Conversation = Readonly<Record<string, Heard>>;

/** A difference somebody decided on: `where` matches `line: path: what is there, not here`. */
export type Deliberate = Readonly<{ where: RegExp; why: string }>;

/** What a server says because a client has come: when it comes is not for the client to know. */
export type IsGreeting = (message: JsonObject, where: keyof Heard) => boolean;

export async function converse(
  open: () => Promise<Speaker>,
  lines: readonly Line[],
  isGreeting: IsGreeting = () => false,
): Promise<Conversation> {
  const speaker = await open();
  const greeting: Record<string, number> = {};
  const told = (messages: readonly JsonObject[], where: keyof Heard): readonly JsonObject[] =>
    messages.filter((message) => {
      if (!isGreeting(message, where)) return true;
      // Params that are empty say as little as none (JSON-RPC 2.0, section 4).
      const { method, params = {} } = message;
      greeting[JSON.stringify([method, params])] = 1;
      return false;
    });
  try {
    const heard: Record<string, Heard> = { opening: { along: [speaker.opening], apart: [] } };
    for (const line of lines) {
      if (line.name in heard) throw new TypeError(`"${line.name}" is said twice`);
      const { along, apart } = await speaker.say(line);
      heard[line.name] = { along: told(along, "along"), apart: told(apart, "apart") };
    }
    return { ...heard, greeting: { along: [], apart: [greeting] } };
  } finally {
    await speaker.close();
  }
}

/**
 * Every place where two conversations differ, as `line: path: direct => through`, after taking out
 * what no two conversations share: ids of questions, `requestState`, the time of day.
 */
export function differences(direct: Conversation, through: Conversation): string[] {
  return Object.keys(direct).flatMap((line) =>
    differ(tidy(asJson(direct[line])), tidy(asJson(through[line])), "").map(
      (what) => `${line}:${what}`,
    ),
  );
}

/** Of the answers and of what is reported on the way: no questions, no members of one era only. */
export function contentDifferences(direct: Conversation, through: Conversation): string[] {
  return Object.keys(direct)
    .filter((line) => line in through)
    .flatMap((line) =>
      differ(tidy(contentOf(direct[line])), tidy(contentOf(through[line])), "").map(
        (what) => `${line}:${what}`,
      ),
    );
}

/** Fails for what nobody decided on, and for decisions that nothing was found for. */
export function expectOnly(found: readonly string[], deliberate: readonly Deliberate[]): void {
  const unexplained = found.filter((one) => !deliberate.some(({ where }) => where.test(one)));
  const needless = deliberate.filter(({ where }) => !found.some((one) => where.test(one)));
  expect({ unexplained, needless }).toEqual({ unexplained: [], needless: [] });
}

/** Members that only 2026-07-28 has. */
const ERA_MEMBERS = new Set(["resultType", "ttlMs", "cacheScope"]);
/** In another round it is another. */
const ID = new Set(["id"]);

function contentOf(heard: Heard | undefined): JsonValue {
  const said = (heard?.along ?? []).filter((message) => {
    const { result } = message;
    const isAsking = isJsonObject(result) && result["resultType"] === "input_required";
    return !isAsking && !("id" in message && "method" in message);
  });
  return asJson(
    said.map((message) => {
      const { result } = message;
      const plain = isJsonObject(result) ? without(result, ERA_MEMBERS) : result;
      return { ...without(message, ID), result: plain };
    }),
  );
}

function without(object: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.has(name)));
}

function asJson(value: unknown): JsonValue {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON by construction
  return JSON.parse(JSON.stringify(value ?? null)) as JsonValue;
}

const CLOCK = /\d{1,2}:\d{2}:\d{2} [AP]M/g;

function tidy(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((one: JsonValue) => tidy(one));
  if (typeof value === "string") return value.replaceAll(CLOCK, "TIME");
  if (!isJsonObject(value)) return value;
  const asks = "method" in value && "id" in value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (name === "requestState") return [name, "STATE"];
      if (name === "id" && asks) return [name, "QUESTION"];
      if (name === "blob" && typeof member === "string") {
        return [name, atob(member).replaceAll(CLOCK, "TIME")];
      }
      return [name, tidy(member ?? null)];
    }),
  );
}

function differ(direct: JsonValue, through: JsonValue, path: string): string[] {
  if (isJsonObject(direct) && isJsonObject(through)) {
    const names = new Set([...Object.keys(direct), ...Object.keys(through)]);
    return [...names].flatMap((name) => differIn(direct[name], through[name], `${path}.${name}`));
  }
  if (Array.isArray(direct) && Array.isArray(through)) {
    const length = Math.max(direct.length, through.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      differIn(direct[index], through[index], `${path}[${index}]`),
    );
  }
  return JSON.stringify(direct) === JSON.stringify(through)
    ? []
    : [`${path}: ${shown(direct)} => ${shown(through)}`];
}

function differIn(
  direct: JsonValue | undefined,
  through: JsonValue | undefined,
  path: string,
): string[] {
  if (direct !== undefined && through !== undefined) return differ(direct, through, path);
  return direct === through ? [] : [`${path}: ${shown(direct)} => ${shown(through)}`];
}

/** Long enough to see what it is. */
function shown(value: JsonValue | undefined): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 300);
}
