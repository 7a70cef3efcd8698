import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { WorkerBundle } from "./worker-bundle.ts";

/** What is uploaded, in KiB; Cloudflare's limits are on the compressed size. */
export function measureBundle({ folder }: WorkerBundle): Readonly<{ raw: number; gzip: number }> {
  const sizes = readdirSync(folder)
    .filter((name) => ![".map", ".md", ".json"].includes(extname(name)))
    .map((name) => readFileSync(join(folder, name)))
    .map((content) => ({ raw: content.length, gzip: gzipSync(content).length }));
  const total = (key: "raw" | "gzip"): number =>
    Math.ceil(sizes.reduce((sum, size) => sum + size[key], 0) / 1024);
  return { raw: total("raw"), gzip: total("gzip") };
}
