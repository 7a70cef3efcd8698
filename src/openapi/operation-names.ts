import { fitName, shortHash } from "../catalog/exposed-name.ts";
import type { JsonValue } from "../core/json.ts";
import type { VisibleTool } from "../gateway/gateway.ts";

export type Naming = Readonly<{
  /** The document is of all backends. */
  isWhole: boolean;
  compat: boolean;
  /** The ids given so far, to which the new one is added. */
  taken: Set<string>;
}>;

/**
 * What models call the tool: Open WebUI and generators take the operationId for its name. Its own
 * name where one backend is described, the exposed one where all are.
 */
export function operationIdOf(tool: VisibleTool, { isWhole, compat, taken }: Naming): string {
  const plain = isWhole ? tool.name : fitName(tool.ownName, tool.ownName);
  const path = isWhole ? `${tool.backend}_${tool.ownName}` : tool.ownName;
  const wanted = compat ? `tool_${asWord(path)}_post` : plain;
  const id = taken.has(wanted) ? `${wanted.slice(0, 57)}_${shortHash(tool.ownName)}` : wanted;
  taken.add(id);
  return id;
}

/** As FastAPI makes ids: `\W` of Python, which knows letters of every script. */
function asWord(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}_]/gu, "_");
}

/** A line for people: mcpo's, or the title the tool has, or its name made readable. */
export function summaryOf({ ownName, tool }: VisibleTool, compat: boolean): string {
  if (compat) return titled(ownName.replaceAll("_", " ").toLowerCase());
  const { title, annotations } = tool;
  const told = [title, titleIn(annotations)].find(
    (one) => typeof one === "string" && one.trim() !== "",
  );
  if (typeof told === "string") return told;
  const words = ownName
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .replaceAll(/(?<=[\p{Ll}\p{N}])(?=\p{Lu})/gu, " ");
  return titled(words.trim() === "" ? ownName : words.trim());
}

function titleIn(annotations: JsonValue | undefined): unknown {
  return typeof annotations === "object" && annotations !== null && "title" in annotations
    ? annotations.title
    : undefined;
}

function titled(words: string): string {
  return words.replaceAll(/(?<!\p{L})\p{L}/gu, (first) => first.toUpperCase());
}
