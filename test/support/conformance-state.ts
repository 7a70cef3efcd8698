import type { IncomingMessage, ServerResponse } from "node:http";
import type { Prompt, Resource, Tool } from "@modelcontextprotocol/sdk/types.js";
import { PROMPTS, RESOURCES } from "./conformance-offer.ts";

/** Beyond this only the newest lines are kept: fixtures live as long as a whole test run. */
const MAX_LINES = 2_000;

export type ListKind = "tools" | "prompts" | "resources";
export type Change = Readonly<{ list: ListKind } | { updated: string }>;

/** What the server heard, or what became of it; what else it carries is the message's own. */
export type HeardLine = Readonly<{ method: string; [key: string]: unknown }>;

/** What one conformance server remembers across its connections. */
export type ConformanceState = Readonly<{
  tools: () => Tool[];
  prompts: () => Prompt[];
  resources: () => Resource[];
  /** Adds one entry to the list or takes it away again, and tells everybody. */
  change: (list: ListKind) => void;
  update: (uri: string) => void;
  listen: (listener: (change: Change) => void) => () => void;
  /** Ids of URL elicitations that a person has been through. */
  completed: Set<string>;
  hear: (line: HeardLine) => void;
  heard: () => readonly HeardLine[];
}>;

const EXTRA_TOOL: Tool = {
  name: "test_extra_tool",
  description: "Here every other change of the list",
  inputSchema: { type: "object" },
};
const EXTRA_PROMPT: Prompt = { name: "test_extra_prompt", description: EXTRA_TOOL.description };
const EXTRA_RESOURCE: Resource = { uri: "test://extra", name: "Extra", mimeType: "text/plain" };

export function createConformanceState(tools: Tool[]): ConformanceState {
  const longer = new Set<ListKind>();
  const listeners = new Set<(change: Change) => void>();
  const lines: HeardLine[] = [];
  const tell = (change: Change): void => {
    for (const listener of listeners) listener(change);
  };
  return {
    tools: () => (longer.has("tools") ? [...tools, EXTRA_TOOL] : tools),
    prompts: () => (longer.has("prompts") ? [...PROMPTS, EXTRA_PROMPT] : PROMPTS),
    resources: () => (longer.has("resources") ? [...RESOURCES, EXTRA_RESOURCE] : RESOURCES),
    change(list) {
      if (!longer.delete(list)) longer.add(list);
      tell({ list });
    },
    update: (uri) => tell({ updated: uri }),
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    completed: new Set(),
    hear(line) {
      lines.push(line);
      if (lines.length > MAX_LINES) lines.shift();
    },
    heard: () => lines,
  };
}

/** A message as it came: `response` instead of a method where it answers the server. */
export function heardMessage(message: object, session?: string): HeardLine {
  return {
    method: "response",
    ...message,
    ...(session === undefined ? {} : { session }),
  };
}

/** `GET /log` beside every conformance server: what it heard, newest last. */
export function answerLog(
  { heard }: ConformanceState,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (request.method !== "GET" || request.url !== "/log") return false;
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(heard()));
  return true;
}
