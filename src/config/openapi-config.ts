import type { BackendName } from "../core/ids.ts";

/** How backends are served over REST; the part `gateway.openapi` of the document. */
export type OpenapiConfig = Readonly<{
  /** Where the backends are: begins and ends with a slash. */
  pathPrefix: string;
  /** What a proxy in front adds to every path; no slash at its end, empty for none. */
  rootPath: string;
  /** Answers and documents as mcpo gives them, unless a request says otherwise. */
  compat: "mcpo" | undefined;
  /** The backend whose tools are at `/{tool}` as well, as with mcpo and one server. */
  root: BackendName | undefined;
  /** Whether documents and their pages are shown without a key. */
  publicDocuments: boolean;
  /** The HTTP status of a tool's own error. */
  toolErrorStatus: number;
  /** Of the document over all backends. */
  title: string | undefined;
  description: string | undefined;
  version: string | undefined;
  /** Pages of these origins may read answers; those of any origin without. */
  allowedOrigins: readonly string[] | undefined;
}>;

/** mcpo's, whose users send the same requests. */
const TOOL_ERROR_STATUS = 500;

export const DEFAULT_OPENAPI: OpenapiConfig = {
  pathPrefix: "/",
  rootPath: "",
  compat: undefined,
  root: undefined,
  publicDocuments: false,
  toolErrorStatus: TOOL_ERROR_STATUS,
  title: undefined,
  description: undefined,
  version: undefined,
  allowedOrigins: undefined,
};
