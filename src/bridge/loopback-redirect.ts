import { once } from "node:events";
import { createServer } from "node:http";
import { NoAnswer, STDIO_CODES } from "./stdio-errors.ts";

const PATH = "/callback";

export type LoopbackRedirect = Readonly<{
  uri: string;
  /** What the browser brings back; rejects when the gateway's page was told no. */
  answer: Promise<URLSearchParams>;
  close: () => void;
}>;

/** Waits on a port of this machine for the browser (RFC 8252 section 7.3). */
export async function openLoopbackRedirect(state: string): Promise<LoopbackRedirect> {
  const { promise, resolve, reject } = Promise.withResolvers<URLSearchParams>();
  promise.catch(() => {}); // whoever waits for it hears of it; perhaps nobody waits yet
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const isOurs = url.pathname === PATH && url.searchParams.get("state") === state;
    response.writeHead(isOurs ? 200 : 404, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'",
      connection: "close",
    });
    // Another page of the browser knows the port at most, never the state.
    if (!isOurs) {
      response.end(page("There is nothing here."));
      return;
    }
    const error = url.searchParams.get("error");
    response.end(page(error === null ? "Signed in." : "Not signed in."));
    if (error === null) resolve(url.searchParams);
    else reject(new NoAnswer(STDIO_CODES.credential, "Cannot sign in: it was not allowed"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port");
  return {
    uri: `http://127.0.0.1:${address.port}${PATH}`,
    answer: promise,
    close: () => server.close(),
  };
}

function page(text: string): string {
  return `<!doctype html><title>mcp-edge-gateway</title><p>${text} You can close this window.</p>`;
}
