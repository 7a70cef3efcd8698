import type { Fetch } from "../core/outbound.ts";

type LibraryRequest = Readonly<{
  method: string;
  headers: Record<string, string>;
  body?: URLSearchParams | undefined;
}>;

/** Our way out as the OAuth library calls it. */
export function libraryFetch(
  fetch: Fetch,
): (url: string, request: LibraryRequest) => Promise<Response> {
  return (url, { method, headers, body }) =>
    fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
}
