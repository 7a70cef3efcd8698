import type { JsonValue } from "../core/json.ts";
import { readJsonText } from "../http/json-body.ts";
import { OpenaiRefusal } from "./openai-errors.ts";

/** The body of a request. What is no JSON is refused in the code OpenAI has for it. */
export async function readRequestJson(request: Request): Promise<JsonValue> {
  const text = await readJsonText(request);
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch {
    throw new OpenaiRefusal("invalid_request", "Cannot read the request body: it is not JSON", {
      code: "invalid_json",
    });
  }
}
