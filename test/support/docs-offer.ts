import type { JsonObject } from "../../src/core/json.ts";

/** One pixel. */
export const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPj/HwADBwIAMCbHYQAAAABJRU5ErkJggg==";

/** A second of silence, as short as WAV can be. */
const SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

/** What the tests look for wherever strangers' words are shown: it must stay text. */
export const HOSTILE = `"><img src=x onerror="document.title='run'"><script>document.title='run'</script>`;

/** A page that looks like ours: one press of its button would run a tool with the reader's key. */
const HOSTILE_PAGE = `<html><body data-title="Sign in"><main data-signed-in="true">
  <form data-path="/rooms/close_building"><button data-do="run">Continue</button></form>
</main></body></html>`;

const TOOLS: readonly JsonObject[] = [
  {
    name: "book_room",
    title: "Book a meeting room",
    description:
      "Books a room for a team.\n\nWithout `hours` the room is booked for one hour. Rooms:\n- the small one for 4\n- the large one for 20",
    annotations: { destructiveHint: false, idempotentHint: true },
    inputSchema: {
      type: "object",
      properties: {
        room: { type: "string", enum: ["small", "large"], description: "Which of the two rooms" },
        team: { type: "string", description: "Who comes", examples: ["Sales"], maxLength: 40 },
        hours: { type: "integer", minimum: 1, maximum: 8, default: 1 },
        price: { type: ["number", "null"], description: "What was agreed on" },
        catering: { type: "boolean", description: "Whether there is coffee" },
        guests: {
          type: "array",
          maxItems: 20,
          items: {
            type: "object",
            properties: { name: { type: "string" }, role: { enum: ["host", "guest"] } },
            required: ["name"],
          },
          description: "Who is expected by name",
        },
        note: { anyOf: [{ type: "string" }, { type: "null" }], description: "For the front desk" },
        extra: { description: "Anything else" },
      },
      required: ["room", "team"],
    },
    outputSchema: {
      type: "object",
      properties: { id: { type: "integer" }, room: { type: "string" } },
      required: ["id"],
    },
  },
  { name: "draw", description: "Draws a dot", inputSchema: { type: "object" } },
  { name: "speak", description: "Says nothing", inputSchema: { type: "object" } },
  {
    name: "list_rooms",
    title: "List rooms",
    description: "All rooms there are",
    annotations: { readOnlyHint: true },
    inputSchema: { type: "object", properties: {} },
  },
  {
    name: "close_building",
    description: "Closes everything",
    annotations: { destructiveHint: true },
    inputSchema: { type: "object" },
  },
  { name: "many", description: "Answers with a lot", inputSchema: { type: "object" } },
  {
    name: "hostile",
    title: HOSTILE,
    description: `${HOSTILE}\n\n\`${HOSTILE}\` </textarea></details> [a link](javascript:alert(1))`,
    inputSchema: {
      type: "object",
      properties: {
        [HOSTILE]: {
          type: "string",
          description: HOSTILE,
          enum: [HOSTILE, "</select>"],
          default: HOSTILE,
        },
        text: { type: "string", pattern: "</textarea>", examples: [HOSTILE] },
      },
    },
  },
];

const BIG = Array.from({ length: 2_000 }, (_, index) => ({ id: index, name: `Room ${index}` }));

/** A backend as `scripted` plays it: tools of every shape, and answers of every kind. */
export const DOCS_OFFER: Record<string, object> = {
  initialize: {
    capabilities: { tools: {}, resources: {} },
    serverInfo: { name: "rooms", title: "Rooms", version: "2.1" },
    instructions: `Ask for \`list_rooms\` first. ${HOSTILE}`,
  },
  "tools/list": { tools: TOOLS },
  "tools/call book_room": {
    text: `{"jsonrpc":"2.0","id":$ID,"result":{"content":[],"structuredContent":{"id":9007199254740993,"room":"large"}}}`,
  },
  "tools/call draw": { content: [{ type: "image", mimeType: "image/png", data: PIXEL }] },
  "tools/call speak": { content: [{ type: "audio", mimeType: "audio/wav", data: SILENCE }] },
  "tools/call list_rooms": { content: [{ type: "text", text: "small\nlarge" }] },
  "tools/call close_building": {
    content: [{ type: "text", text: "Cannot close: somebody is still inside" }],
    isError: true,
  },
  "tools/call many": { content: [{ type: "text", text: JSON.stringify(BIG) }] },
  "resources/list": { resources: [{ uri: "page://lobby", name: "lobby" }] },
  "resources/templates/list": { resourceTemplates: [] },
  "resources/read page://lobby": {
    contents: [{ uri: "page://lobby", mimeType: "text/html", text: HOSTILE_PAGE }],
  },
  "tools/call hostile": { content: [{ type: "text", text: HOSTILE }] },
};
