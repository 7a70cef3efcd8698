import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";

const manifest = z.looseObject({
  name: z.string(),
  version: z.string(),
  license: z.string().default("see below"),
});

/** What the authors of bundled packages ask to be kept with their code, from the files that went in. */
export async function bundledLicenses(root: string, files: readonly string[]): Promise<string> {
  const names = new Set(
    files.flatMap((file) => {
      const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
      return name === undefined ? [] : [name];
    }),
  );
  const parts = await Promise.all(
    [...names].toSorted().map(async (name) => {
      const folder = join(root, "node_modules", name);
      const { version, license } = manifest.parse(
        JSON.parse(await readFile(join(folder, "package.json"), "utf8")),
      );
      const texts = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice)/i.test(file));
      const written = await Promise.all(
        texts.toSorted().map((file) => readFile(join(folder, file), "utf8")),
      );
      return [`${name} ${version} (${license})`, ...written.map((text) => text.trim())].join(
        "\n\n",
      );
    }),
  );
  return `${parts.join(`\n\n${"-".repeat(72)}\n\n`)}\n`;
}
