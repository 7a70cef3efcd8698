import type { CatalogTool } from "../catalog/merge-listings.ts";
import { nearNames } from "../catalog/near-names.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { namesOf, ownKey } from "./find-tools.ts";
import type { SeenTools } from "./house-tool.ts";

export type NamedTool = Readonly<{ name: string; tool: CatalogTool }>;

const SHOWN_NEAR = 4;
/** The longest piece of a caller's text an answer repeats. */
const SHOWN = 120;

/**
 * The tool that arguments name: `{name}`, `{server, tool}`, and what models make of these, as
 * `server:tool` in one. Undefined for what the caller does not see, whatever the reason.
 */
export function findNamedTool(tools: SeenTools, args: JsonObject): NamedTool | undefined {
  const { wanted, server } = wantedIn(args);
  if (wanted === undefined) return undefined;
  const parted = /^([a-z][a-z0-9-]{0,30})[:./](.+)$/s.exec(wanted);
  const [, prefix, rest] = parted ?? [];
  const keys = [
    ...(server === undefined ? [] : [ownKey(server, wanted)]),
    ...(prefix !== undefined && rest !== undefined && (server ?? prefix) === prefix
      ? [ownKey(prefix, rest)]
      : []),
  ];
  const own = namesOf(tools);
  const named = server === undefined ? [wanted] : [];
  const name = [...named, ...keys.flatMap((key) => own.get(key) ?? []), wanted].find(
    (candidate) => {
      const tool = tools.get(candidate);
      return tool !== undefined && (server === undefined || tool.backend === server);
    },
  );
  const tool = name === undefined ? undefined : tools.get(name);
  return name === undefined || tool === undefined ? undefined : { name, tool };
}

/** What of it is missing, as its name; undefined where a tool is named. */
export function missingName(args: JsonObject): "name" | "tool" | undefined {
  const { wanted, server } = wantedIn(args);
  if (wanted !== undefined) return undefined;
  return server === undefined ? "name" : "tool";
}

/** For `suggestions` and `error` of an answer: a hidden tool is unknown like any other. */
export function unknownTool(
  tools: SeenTools,
  args: JsonObject,
): Readonly<{ error: string; suggestions: readonly string[] }> {
  const { wanted = "", server } = wantedIn(args);
  const shown = server === undefined ? wanted : `${server}:${wanted}`;
  return {
    error: `Unknown tool: ${JSON.stringify(shown.slice(0, SHOWN).toWellFormed())}`,
    suggestions: nearNames(wanted, [...tools.keys()], SHOWN_NEAR),
  };
}

function wantedIn({ name, tool, server, backend }: JsonObject) {
  return { wanted: textOf(name) ?? textOf(tool), server: textOf(server) ?? textOf(backend) };
}

/** Undefined for what is no text, or an empty one. */
export function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
