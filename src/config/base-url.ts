/** The path of the one request that documentation of providers shows whole. */
const CHAT_PATH = /\/chat\/completions\/*$/;

/** Up to and with `/v1`: people paste it with a slash, or with the path of a chat behind it. */
export function asBaseUrl(url: string): string {
  return url.replace(CHAT_PATH, "").replace(/\/+$/, "");
}
