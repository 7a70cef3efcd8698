import { isJsonObject, type JsonObject } from "../core/json.ts";
import { mapSame } from "../core/map-same.ts";
import { withoutCodes } from "./approvals.ts";
import { holdsProgress, takeApart, type Piece } from "./take-apart.ts";
import type { ToolCard } from "./tool-card.ts";

/**
 * The messages as the model knows them: the gateway's cards in the texts of an assistant become the
 * calls and results they stand for, its progress lines are left out, and cards of anybody else stay
 * as they are. A card tells nothing that the client could not put into the messages itself.
 */
export function restoreHistory(messages: readonly JsonObject[]): readonly JsonObject[] {
  return messages.flatMap((message) =>
    message["role"] === "assistant" ? restoreMessage(hideCodes(message)) : [message],
  );
}

function hideCodes(message: JsonObject): JsonObject {
  const { content } = message;
  if (typeof content === "string") return changed(message, "content", withoutCodes(content));
  if (!Array.isArray(content)) return message;
  const parts = mapSame(content, (part) =>
    isJsonObject(part) && typeof part["text"] === "string"
      ? changed(part, "text", withoutCodes(part["text"]))
      : part,
  );
  return changed(message, "content", parts);
}

/** The object itself where nothing changes. */
function changed(object: JsonObject, key: string, value: JsonObject[string]): JsonObject {
  return object[key] === value ? object : { ...object, [key]: value };
}

/** A piece of content: text of a string, or a part of a list. */
type Content = string | JsonObject;
type Item = Readonly<{ kind: "content"; content: Content }> | Extract<Piece, { kind: "card" }>;

function restoreMessage(message: JsonObject): readonly JsonObject[] {
  const items = itemsOf(message["content"]);
  if (items === undefined) return [message];
  const restored: JsonObject[] = [];
  let content: Content[] = [];
  let cards: ToolCard[] = [];
  const flush = (): void => {
    if (cards.length === 0) return;
    restored.push(...asCalls(joined(content), cards));
    content = [];
    cards = [];
  };
  for (const item of items) {
    if (item.kind === "card") {
      // Two calls of one message cannot share an id.
      if (cards.some(({ id }) => id === item.card.id)) flush();
      cards.push(item.card);
      continue;
    }
    if (cards.length > 0 && isBlank(item.content)) continue;
    flush();
    content.push(item.content);
  }
  flush();
  const rest = joined(content);
  // Providers refuse a message that says nothing; one with calls of the client says something.
  if (rest === null && message["tool_calls"] === undefined) return restored;
  return [...restored, { ...message, content: rest }];
}

/** Undefined where there is nothing of ours. */
function itemsOf(content: JsonObject[string]): readonly Item[] | undefined {
  if (typeof content === "string") {
    return holdsProgress(content) ? takeApart(content).map(asItem) : undefined;
  }
  if (!Array.isArray(content)) return undefined;
  const parts = content.filter(isJsonObject);
  if (!parts.some((part) => holdsProgress(textOf(part)))) return undefined;
  return parts.flatMap((part): readonly Item[] => {
    const text = textOf(part);
    if (!holdsProgress(text)) return [{ kind: "content", content: part }];
    return takeApart(text).map((piece) =>
      piece.kind === "card" ? piece : { kind: "content", content: { ...part, text: piece.text } },
    );
  });
}

function asItem(piece: Piece): Item {
  return piece.kind === "card" ? piece : { kind: "content", content: piece.text };
}

function asCalls(content: JsonObject[string], cards: readonly ToolCard[]): readonly JsonObject[] {
  return [
    {
      role: "assistant",
      content,
      tool_calls: cards.map(({ id, name, argumentText }) => ({
        id,
        type: "function",
        function: { name, arguments: argumentText },
      })),
    },
    ...cards.map(({ id, text }) => ({ role: "tool", tool_call_id: id, content: text })),
  ];
}

/** Null where it says nothing. */
function joined(content: readonly Content[]): string | readonly JsonObject[] | null {
  if (content.every(isBlank)) return null;
  const parts = content.filter((part) => typeof part !== "string");
  const texts = content.filter((part) => typeof part === "string");
  return parts.length > 0 ? parts : texts.join("");
}

function isBlank(content: Content): boolean {
  if (typeof content === "string") return content.trim() === "";
  return content["type"] === "text" && textOf(content).trim() === "";
}

function textOf({ type, text }: JsonObject): string {
  return type === "text" && typeof text === "string" ? text : "";
}
