/** What a person can say to the model that answers without a language model. */
export type ChatCommand =
  | Readonly<{ kind: "help" }>
  | Readonly<{ kind: "list"; filter: readonly string[] }>
  | Readonly<{ kind: "call"; name: string; argumentText: string }>
  | Readonly<{ kind: "free"; text: string }>;

const HELP: ReadonlySet<string> = new Set(["", "help", "/help", "?", "/?", "hi", "hello"]);
const LIST = /^\/?(?:list\s+)?tools(?:\s+(?<filter>[^]*))?$/i;
const CALL = /^\/?call(?:\s+(?<name>\S+)(?<rest>[^]*))?$/i;
const SLASH = /^\/(?<name>[^\s/]\S*)(?<rest>[^]*)$/;
/** `call name{"a":1}`, without the space people forget. */
const GLUED = /^(?<name>[^\s{]+)(?<rest>\{[^]*)$/;

/**
 * `help`, `tools [filter]`, `call name {json}`, `/backend.tool a=1 b="two words"`. Only these two
 * forms of a call run anything: a sentence that happens to begin with a tool's name does not.
 */
export function parseChatCommand(said: string): ChatCommand {
  const text = said.trim();
  if (HELP.has(text.toLowerCase())) return { kind: "help" };
  const list = LIST.exec(text);
  if (list !== null) {
    const filter = (list.groups?.["filter"] ?? "").toLowerCase().split(/\s+/);
    return { kind: "list", filter: filter.filter((word) => word !== "") };
  }
  const call = CALL.exec(text) ?? SLASH.exec(text);
  if (call === null) return { kind: "free", text };
  const { name, rest } = unglued(call.groups?.["name"] ?? "", call.groups?.["rest"] ?? "");
  return { kind: "call", name: withoutTicks(name), argumentText: rest.trim() };
}

function unglued(name: string, rest: string): Readonly<{ name: string; rest: string }> {
  const glued = GLUED.exec(name + rest);
  const inName = name.includes("{") ? glued?.groups : undefined;
  return { name: inName?.["name"] ?? name, rest: inName?.["rest"] ?? rest };
}

/** A name copied with the code span it stood in. */
function withoutTicks(name: string): string {
  return name.startsWith("`") && name.endsWith("`") ? name.slice(1, -1) : name;
}
