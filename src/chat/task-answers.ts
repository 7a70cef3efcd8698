/**
 * Open WebUI sends background tasks (a title, tags, follow-up questions) to the model of the chat,
 * after every answer, and reads bare JSON. They must never run a tool: the chat they quote may hold
 * a call that has been made already.
 */
export type TaskRequest = Readonly<{ question: string; header: string | null }>;

/** Values of `{{TASK}}` in a connection's header, and the answer key of each. */
const KEY_OF: ReadonlyMap<string, string> = new Map([
  ["title_generation", "title"],
  ["tags_generation", "tags"],
  ["follow_up_generation", "follow_ups"],
  ["query_generation", "queries"],
  ["autocomplete_generation", "text"],
  ["image_prompt_generation", "prompt"],
  ["function_calling", "tool_calls"],
  ["emoji_generation", "emoji"],
]);

const TASK_HEAD = "### Task:";
/** The chat follows it, and may hold anything. */
const QUOTED_CHAT = /### Chat History|<chat_history>|<user_query>|<context>/;
const WANTED_KEY = /\{\s*\\?"(title|tags|follow_ups|queries|text|prompt)\\?"\s*:/;
/** A task name; an unexpanded `{{TASK}}` of an older Open WebUI is none. */
const TASK_NAME = /^[a-z_]{1,60}$/;

const CHAT_HISTORY = "<chat_history>";
/** As much of the quoted chat as a title is made of. */
const READ_LENGTH = 2_000;
const TITLE_WORDS = 5;
const TITLE_LENGTH = 50;

/** The answer to a background task, or undefined when this is a message of a chat. */
export function answerTask({ question, header }: TaskRequest): string | undefined {
  if (header !== null && TASK_NAME.test(header))
    return answerOf(KEY_OF.get(header) ?? "", question);
  if (!question.startsWith(TASK_HEAD)) return undefined;
  const instructions = question.split(QUOTED_CHAT, 1)[0] ?? "";
  const wanted = WANTED_KEY.exec(instructions)?.[1];
  // Without a key it is a prompt for people's eyes, such as Open WebUI's frame around documents.
  return wanted === undefined ? undefined : answerOf(wanted, question);
}

/** By key of the wanted JSON. */
const ANSWERS: ReadonlyMap<string, (question: string) => string> = new Map<
  string,
  (question: string) => string
>([
  ["title", (question) => JSON.stringify({ title: titleOf(question) })],
  ["tags", () => '{"tags":["General"]}'],
  // Sent as the next message when clicked, so they are commands.
  ["follow_ups", () => '{"follow_ups":["tools","help"]}'],
  ["queries", () => '{"queries":[]}'],
  ["text", () => '{"text":""}'],
  ["prompt", () => '{"prompt":""}'],
  ["tool_calls", () => '{"tool_calls":[]}'],
  ["emoji", () => "🔧"],
]);

function answerOf(key: string, question: string): string {
  return ANSWERS.get(key)?.(question) ?? "{}";
}

/** The first words of what the user said first. */
function titleOf(question: string): string {
  const start = question.indexOf(CHAT_HISTORY);
  const chat = start === -1 ? "" : question.slice(start, start + READ_LENGTH);
  const said = /^USER:[ \t]*(\S.*)$/m.exec(chat)?.[1] ?? "";
  const words = said.split(/\s+/).slice(0, TITLE_WORDS).join(" ");
  return words.slice(0, TITLE_LENGTH).toWellFormed().trim() || "Tools";
}
