import { connect } from "node:net";

/** What Open WebUI's page would have made of one streamed answer. */
export type DirectAnswer = Readonly<{
  text: string;
  /** Events that could be read, `[DONE]` among them. */
  events: number;
  /** Lines that are no event, no comment and no blank: pieces of an event that was cut. */
  broken: readonly string[];
  /** In bytes. */
  longestLine: number;
}>;

export type DirectAsk = Readonly<{ url: string; key: string; body: object }>;

/** A browser holds about as much of a response before it lets the sender wait. */
const READ_BYTES = 256 * 1_024;

/**
 * Reads as Open WebUI's direct connections do in the user's browser: what one network read brings
 * is cut into lines by itself, and nothing is kept for the next. So an event that spans two reads
 * is lost.
 */
export function readDirectly({ url, key, body }: DirectAsk): Promise<DirectAnswer> {
  const { hostname, port, host, pathname } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<DirectAnswer>();
  const page = createPage();
  const response = createResponse();
  const socket = connect({
    host: hostname,
    port: Number(port),
    // By itself Node reads 64 KiB at most, which a busy machine takes too long to come back for.
    onread: {
      buffer: Buffer.alloc(READ_BYTES),
      callback: (count, buffer) => {
        page.read(response.take(Buffer.from(buffer.subarray(0, count))));
        return true;
      },
    },
  });
  socket.on("error", reject);
  socket.on("close", () => {
    if (response.status() === 200) resolve(page.answer());
    else reject(new Error(`answered ${response.status()}`));
  });
  const content = JSON.stringify(body);
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${host}`,
    `authorization: Bearer ${key}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(content)}`,
    // Every browser names the page that asks.
    "origin: https://chat.example.com",
    "connection: close",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${content}`);
  return promise;
}

function createPage(): { read: (bytes: Buffer) => void; answer: () => DirectAnswer } {
  let text = "";
  let events = 0;
  let longestLine = 0;
  const broken: string[] = [];
  return {
    read(bytes) {
      for (const line of bytes.toString("utf8").split("\n")) {
        longestLine = Math.max(longestLine, Buffer.byteLength(line));
        if (line === "" || line.startsWith(":")) continue;
        const content = contentOf(line);
        if (content === undefined) {
          broken.push(line);
          continue;
        }
        events += 1;
        text += content;
      }
    },
    answer: () => ({ text, events, broken, longestLine }),
  };
}

/** The text of an event; undefined where the line is no whole event. */
function contentOf(line: string): string | undefined {
  if (!line.startsWith("data: ")) return undefined;
  const data = line.slice("data: ".length);
  if (data === "[DONE]") return "";
  try {
    return JSON.parse(data).choices?.[0]?.delta?.content ?? "";
  } catch {
    return undefined;
  }
}

/** Takes what the socket brings and gives what of it belongs to the body, however it is framed. */
function createResponse(): { take: (bytes: Buffer) => Buffer; status: () => number } {
  let framed = Buffer.alloc(0);
  let status = 0;
  let left = 0;
  let isOver = false;

  function lineBefore(mark: string): string | undefined {
    const end = framed.indexOf(mark);
    if (end === -1) return undefined;
    const line = framed.toString("latin1", 0, end);
    framed = framed.subarray(end + mark.length);
    return line;
  }

  return {
    status: () => status,
    take(bytes) {
      framed = Buffer.concat([framed, bytes]);
      const content: Buffer[] = [];
      if (status === 0) {
        const head = lineBefore("\r\n\r\n");
        if (head === undefined) return Buffer.alloc(0);
        status = Number(head.split(" ")[1]);
      }
      while (framed.length > 0 && !isOver) {
        if (left > 0) {
          const piece = framed.subarray(0, left);
          content.push(piece);
          left -= piece.length;
          framed = framed.subarray(piece.length);
          continue;
        }
        if (framed.toString("latin1", 0, 2) === "\r\n") framed = framed.subarray(2);
        const size = lineBefore("\r\n");
        if (size === undefined) break;
        left = Number.parseInt(size, 16);
        isOver = left === 0;
      }
      return Buffer.concat(content);
    },
  };
}
