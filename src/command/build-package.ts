import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { build } from "esbuild";
import { bundledLicenses } from "./bundled-licenses.ts";
import { PROJECT } from "../shell/project-files.ts";
import { openWorkerBundle } from "./worker-bundle.ts";
import { PREBUILT_FILE, prebuiltConfig } from "./wrangler-config.ts";

/** Maps and notes are for whoever has the sources. */
const LEFT_OUT = new Set([".map", ".md"]);

/** `npm run build`: the folder `dist` that a package brings instead of sources. */
async function buildPackage(): Promise<void> {
  const dist = join(PROJECT.root, "dist");
  const [bundle] = await Promise.all([
    openWorkerBundle(),
    rm(dist, { recursive: true, force: true }),
  ]);
  await mkdir(PROJECT.prebuilt, { recursive: true });
  const names = await readdir(bundle.folder);
  await Promise.all(
    names
      .filter((name) => !LEFT_OUT.has(extname(name)))
      .map((name) => cp(join(bundle.folder, name), join(PROJECT.prebuilt, name))),
  );
  const config = await prebuiltConfig(bundle.main);
  await writeFile(join(PROJECT.prebuilt, PREBUILT_FILE), `${JSON.stringify(config, null, 2)}\n`);

  const { metafile } = await build({
    absWorkingDir: PROJECT.root,
    entryPoints: { "mcp-edge-gateway": "src/command/packed.mjs" },
    outdir: join(dist, "command"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    // A command loads what it needs and no more, as in the sources.
    splitting: true,
    chunkNames: "[name]-[hash]",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    external: ["miniflare", "wrangler"],
    // ws is CommonJS, and asks for Node's modules by this name.
    banner: {
      js: 'import { createRequire as createRequireOf } from "node:module"; const require = createRequireOf(import.meta.url);',
    },
    metafile: true,
    logLevel: "warning",
  });
  const map = await readFile(join(bundle.folder, `${bundle.main}.map`), "utf8");
  const used = [...Object.keys(metafile.inputs), ...sourcesOf(map)];
  await writeFile(join(dist, "LICENSES.txt"), await bundledLicenses(PROJECT.root, used));
}

function sourcesOf(map: string): readonly string[] {
  const parsed: unknown = JSON.parse(map);
  if (typeof parsed !== "object" || parsed === null || !("sources" in parsed)) return [];
  return Array.isArray(parsed.sources) ? parsed.sources.map(String) : [];
}

await buildPackage();
