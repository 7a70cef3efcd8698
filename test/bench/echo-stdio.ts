import { createInterface } from "node:readline";
import { answerEcho, type EchoRequest } from "./echo-tools.ts";

/** The same over stdio, for peers that only speak to such. */
createInterface({ input: process.stdin }).on("line", (line) => {
  const message: EchoRequest = JSON.parse(line);
  const text = answerEcho(message, 1);
  if (text !== undefined) process.stdout.write(`${text}\n`);
});
