import type { Decision } from "../chat/chat-ask.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { Conversation } from "./responses-conversation.ts";
import { toChatContent, toPlainText } from "./responses-content.ts";
import { ApprovalAnswers } from "./responses-approvals.ts";
import { invalid, unsupported } from "./responses-refusal.ts";

/** What the items of `input` say. */
export type ResponsesInput = Readonly<{
  messages: readonly JsonObject[];
  /** On questions that nothing has followed yet. */
  decisions: readonly Decision[];
  /** The request a call was approved by, by the call's id. */
  approvedBy: ReadonlyMap<string, string>;
  /** Labels of the servers whose tools the client has been listed already. */
  listed: ReadonlySet<string>;
}>;

type Reader = Readonly<{
  conversation: Conversation;
  approvals: ApprovalAnswers;
  listed: Set<string>;
}>;

/**
 * Items as chat messages. Clients send back what an answer consisted of, so that our own items stand
 * here as well; an item nobody here knows tells the model nothing and is left out.
 */
export function parseInput(
  input: JsonValue | undefined,
  instructions: string | undefined,
): ResponsesInput {
  const conversation = new Conversation();
  const approvals = new ApprovalAnswers();
  const listed = new Set<string>();
  if (instructions !== undefined) conversation.say({ role: "system", content: instructions });
  if (typeof input === "string") conversation.say({ role: "user", content: input });
  else if (Array.isArray(input)) {
    const items: readonly JsonValue[] = input;
    conversation.learnResults(items.filter(isJsonObject));
    for (const [index, item] of items.entries()) {
      const at = `input[${index}]`;
      if (!isJsonObject(item)) throw invalid(at, "expected an object");
      readItem(item, at, { conversation, approvals, listed });
    }
  } else {
    throw invalid("input", "expected a string or a list of items");
  }
  return {
    messages: conversation.messages(),
    listed,
    ...approvals.decide(),
  };
}

function readItem(item: JsonObject, at: string, reader: Reader): void {
  const { conversation, approvals, listed } = reader;
  const type = typeof item["type"] === "string" ? item["type"] : "message";
  switch (type) {
    case "message": {
      const role = item["role"];
      if (role === "assistant") {
        approvals.goOn();
        conversation.answer(toPlainText(item["content"]));
        return;
      }
      if (role !== "user" && role !== "system" && role !== "developer") {
        throw invalid(`${at}.role`, "expected user, assistant, system or developer");
      }
      conversation.say({ role, content: toChatContent(item["content"], `${at}.content`) });
      return;
    }
    case "reasoning":
      approvals.goOn();
      conversation.reason(reasoningText(item));
      return;
    case "function_call":
    case "custom_tool_call":
    case "mcp_call":
      approvals.goOn();
      conversation.call(item, at);
      return;
    case "function_call_output":
    case "custom_tool_call_output":
      conversation.takeResult(item, at);
      return;
    case "mcp_list_tools":
      if (typeof item["server_label"] === "string") listed.add(item["server_label"]);
      return;
    case "mcp_approval_response":
      approvals.add(item, at);
      return;
    case "item_reference":
      throw unsupported(at, "this gateway keeps no responses, so send the item itself");
    default:
      return; // mcp_approval_request too: what was asked is kept here
  }
}

function reasoningText({ content, summary }: JsonObject): string {
  const texts = [content, summary].map((parts) => (Array.isArray(parts) ? toPlainText(parts) : ""));
  return texts.find((text) => text !== "") ?? "";
}
