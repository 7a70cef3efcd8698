import { request as forward } from "node:http";
import { listenOnLoopback, type Fixture } from "../support/loopback-server.ts";

/**
 * The suite knows no credentials: this adds the bearer and changes nothing else. Host and Origin
 * pass as they came (the suite tests what is made of foreign ones), both directions stream, and
 * headers leave at once, because some checks look at them before there is a body.
 */
export function startBearerProxy(gateway: string, token: string): Promise<Fixture> {
  const { port } = new URL(gateway);
  return listenOnLoopback(
    (asked, answer) => {
      const onward = forward(
        {
          host: "127.0.0.1",
          port,
          method: asked.method,
          path: asked.url,
          headers: { ...asked.headers, authorization: `Bearer ${token}` },
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
    { path: "" },
  );
}
