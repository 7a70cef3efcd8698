import * as z from "zod";
import type { Personality } from "./scripted-llm-personalities.ts";

const IDS = [
  "scripted-1",
  "scripted-2",
  "vendor/scripted:free",
  "text-embedding-scripted",
  "whisper-scripted",
  "piped",
];

/** Chat models, others that cannot chat, and one that would make Open WebUI call filters. */
export function modelList({ model }: Personality, more: number): readonly object[] {
  const ids = [...IDS, ...Array.from({ length: more }, (_, place) => `many-${place}`)];
  return ids.map((id) => ({
    id,
    object: "model",
    created: 1_700_000_000,
    owned_by: "scripted",
    ...(id === "piped" && { pipeline: { type: "filter", valves: true } }),
    ...model(id),
  }));
}

const EMBEDDINGS_REQUEST = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.unknown())]),
  dimensions: z.number().int().positive().default(4),
  encoding_format: z.enum(["float", "base64"]).default("float"),
});

/** A vector tells the length of its text and its place; undefined when the body is not one. */
export function embeddingsOf(body: unknown): object | undefined {
  const read = EMBEDDINGS_REQUEST.safeParse(body);
  if (!read.success) return undefined;
  const { input, dimensions, encoding_format: format, model } = read.data;
  // An array of numbers is one text in tokens.
  const texts = typeof input === "string" || typeof input[0] === "number" ? [input] : input;
  const data = texts.map((text, index) => {
    const length = typeof text === "string" || Array.isArray(text) ? text.length : 0;
    const vector = [length, index, 1].concat(Array.from({ length: dimensions }, () => 0));
    const floats = Float32Array.from(vector.slice(0, dimensions));
    const embedding =
      format === "float" ? [...floats] : Buffer.from(floats.buffer).toString("base64");
    return { object: "embedding", index, embedding };
  });
  const usage = { prompt_tokens: texts.length, total_tokens: texts.length };
  return { object: "list", model, data, usage };
}
