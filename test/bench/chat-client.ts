import { request, type IncomingMessage } from "node:http";

export type ChatTarget = Readonly<{
  url: string;
  headers?: Readonly<Record<string, string>>;
  /** As the target calls the model of the source. */
  model: (name: string) => string;
}>;

/** Sends one streaming question; resolves with what begins to come. */
export function openChat(
  { url, headers = {}, model }: ChatTarget,
  name: string,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: "POST", headers: { ...headers, "content-type": "application/json" } },
      resolve,
    );
    sent.on("error", reject);
    const messages = [{ role: "user", content: "hi" }];
    sent.end(JSON.stringify({ model: model(name), messages, stream: true }));
  });
}

/** Reads an answer to its end; fails when it has none. `hear` gets each network read. */
export async function readChat(
  target: ChatTarget,
  name: string,
  hear: (text: string) => void = () => {},
): Promise<void> {
  const response = await openChat(target, name);
  response.setEncoding("utf8");
  let tail = "";
  for await (const text of response as AsyncIterable<string>) {
    hear(text);
    tail = (tail + text).slice(-400);
  }
  if (response.statusCode !== 200 || !tail.endsWith("data: [DONE]\n\n")) {
    throw new Error(`answered ${response.statusCode}: ${tail}`);
  }
}
