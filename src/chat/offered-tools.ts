import type { JsonObject } from "../core/json.ts";
import type { VisibleTool } from "../gateway/gateway.ts";
import type { FunctionTool } from "./functions.ts";

/** The gateway's tools as one request offers them to a model. */
export type OfferedTools = Readonly<{
  /** After the client's own in `tools`; sorted by name. */
  functions: readonly FunctionTool[];
  /** What a call of the model is, by the name it used. */
  resolve: (name: string, args: JsonObject) => ResolvedCall;
  /** Without the named function, for the provider that refuses it; undefined when it is not ours. */
  without: (name: string) => OfferedTools | undefined;
}>;

export type ResolvedCall =
  | Readonly<{ kind: "tool"; tool: VisibleTool; arguments: JsonObject }>
  /** Answered without any backend: a search among the tools, or what is wrong with the call. */
  | Readonly<{ kind: "answer"; text: string; isError: boolean }>
  | Readonly<{ kind: "unknown"; near: readonly string[] }>;
