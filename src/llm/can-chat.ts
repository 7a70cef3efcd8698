import { isJsonObject, type JsonObject } from "../core/json.ts";

/** What OpenRouter, Mistral, Azure, Workers AI, Together and LM Studio say of a model's purpose. */
function purposeOf(item: JsonObject): boolean | undefined {
  const { architecture, capabilities, task, type } = item;
  if (isJsonObject(architecture) && Array.isArray(architecture["output_modalities"])) {
    return architecture["output_modalities"].includes("text");
  }
  if (isJsonObject(capabilities)) {
    const chats = capabilities["completion_chat"] ?? capabilities["chat_completion"];
    if (typeof chats === "boolean") return chats;
  }
  if (isJsonObject(task) && typeof task["name"] === "string") {
    return /^(text generation|image-text-to-text)$/i.test(task["name"]);
  }
  if (typeof type === "string") {
    if (/^(chat|llm|vlm|language)$/i.test(type)) return true;
    if (/^(embeddings?|rerank|image|audio|video|moderation|transcribe|code)$/i.test(type)) {
      return false;
    }
  }
  return undefined;
}

/** Words of ids that OpenAI's own list and local servers give models which answer no chat. */
const NOT_CHAT =
  /embed|rerank|whisper|moderation|dall-?e|transcri|realtime|stable-diffusion|text-to-speech|text-similarity|text-search|(^|[^a-z])(tts|image|imagen|sora|veo|flux|bge|gte|e5|minilm|babbage|davinci|speech|clip|aqa)([^a-z]|$)|gpt-3\.5-turbo-instruct/i;

/** By what its provider tells of it, else by its name. Others would only fail in a list of chats. */
export function canChat(id: string, item: JsonObject): boolean {
  return purposeOf(item) ?? !NOT_CHAT.test(id);
}
