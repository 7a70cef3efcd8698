import { type IncomingHttpHeaders, request as forward } from "node:http";
import { type Fixture, listenOnLoopback } from "./loopback-server.ts";

/**
 * Stands before a server and changes nothing but the headers of requests, and those only as `toSent`
 * says. Both directions stream, and headers leave at once, because some clients look at them before
 * there is a body.
 */
export function startPassThrough(
  server: string,
  toSent: (headers: IncomingHttpHeaders) => IncomingHttpHeaders,
): Promise<Fixture> {
  const { port, pathname } = new URL(server);
  return listenOnLoopback(
    (asked, answer) => {
      const onward = forward(
        {
          host: "127.0.0.1",
          port,
          method: asked.method,
          path: asked.url,
          headers: toSent(asked.headers),
          agent: false,
        },
        (response) => {
          answer.writeHead(response.statusCode ?? 502, response.headers);
          answer.flushHeaders();
          response.pipe(answer);
          response.on("error", () => answer.destroy());
        },
      );
      onward.on("error", (error) => {
        if (!answer.headersSent) answer.writeHead(502);
        answer.end(error.message);
      });
      answer.on("close", () => onward.destroy());
      asked.pipe(onward);
    },
    { path: pathname === "/" ? "" : pathname },
  );
}
