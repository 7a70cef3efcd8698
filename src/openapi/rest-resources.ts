import type { BackendName } from "../core/ids.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { RPC_CODES } from "../core/json-rpc.ts";
import type { Scope } from "../gateway/gateway.ts";
import { chooseMedia } from "./accepted-media.ts";
import { askBackend } from "./ask-backend.ts";
import { callContext } from "./call-context.ts";
import { essence, isBase64, jsonBody, type Media, mediaBody } from "./rest-body.ts";
import type { RestExchange } from "./rest-exchange.ts";
import { resultOf } from "./result-of.ts";

/** Of 2025-11-25 and before, and of 2026-07-28: nothing else can be wrong with the params. */
const NO_SUCH_RESOURCE: ReadonlyMap<number, number> = new Map([
  [-32002, 404],
  [RPC_CODES.invalidParams, 404],
]);

/** All of them, with the templates. */
export async function listResources(
  { gateway, caller, context }: RestExchange,
  backend: BackendName,
): Promise<Response> {
  const scope: Scope = { kind: "one", backend };
  const [resources, templates] = await Promise.all([
    gateway.listText(caller, scope, "resources", context),
    gateway.listText(caller, scope, "resourceTemplates", context),
  ]);
  return jsonBody(`{"resources":${resources},"resourceTemplates":${templates}}`);
}

/** `{"contents": […]}`, or what the resource is itself where the client likes that better. */
export async function readResource(
  exchange: RestExchange,
  backend: BackendName,
  uri: string,
): Promise<Response> {
  const answer = await askBackend(
    exchange,
    {
      method: "resources/read",
      scope: { kind: "one", backend },
      params: { uri },
      action: `read resource "${uri.slice(0, 200)}"`,
      statuses: NO_SUCH_RESOURCE,
    },
    callContext(exchange),
  );
  const result = resultOf(answer);
  const accept = exchange.request.headers.get("accept");
  return readable(result, accept) ?? jsonBody(JSON.stringify(result));
}

function readable({ contents }: JsonObject, accept: string | null): Response | undefined {
  if (!Array.isArray(contents) || contents.length !== 1) return undefined;
  const media = mediaOf(contents[0]);
  if (media === undefined) return undefined;
  const ownType = media.text === undefined ? "application/octet-stream" : "text/plain";
  const chosen = chooseMedia(accept, [essence(media.mimeType) ?? ownType]);
  return chosen === undefined ? undefined : mediaBody(media, { vary: "Accept" });
}

function mediaOf(content: unknown): Media | undefined {
  if (!isJsonObject(content)) return undefined;
  const { text, blob } = content;
  const mimeType = typeof content["mimeType"] === "string" ? content["mimeType"] : undefined;
  if (typeof text === "string") return { mimeType, text };
  return typeof blob === "string" && isBase64(blob) ? { mimeType, base64: blob } : undefined;
}
