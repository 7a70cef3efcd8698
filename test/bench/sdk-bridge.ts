import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";

/** The SDK's two transports put together, which is all that mcp-remote does with a message. */
const { GATEWAY_URL = "", GATEWAY_API_KEY = "" } = process.env;
const client = new StdioServerTransport();
const server = new StreamableHTTPClientTransport(new URL(GATEWAY_URL), {
  requestInit: { headers: { authorization: `Bearer ${GATEWAY_API_KEY}` } },
});
// oxlint-disable-next-line unicorn/prefer-add-event-listener -- transports have properties only
client.onmessage = (message) => void server.send(message);
// oxlint-disable-next-line unicorn/prefer-add-event-listener -- transports have properties only
server.onmessage = (message) => void client.send(message);
await server.start();
await client.start();
