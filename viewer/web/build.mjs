// Bundles the atlas script into the Python package, or with --tests the tests into build/.
import { build } from "esbuild";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../../finercam_core/report/web");

// zarrita loads these WebAssembly codecs on demand; the store has none of them, and a page without
// 'wasm-unsafe-eval' could not run them.
const withoutNumcodecs = {
  name: "without-numcodecs",
  setup(setup) {
    setup.onResolve({ filter: /^numcodecs\// }, ({ path }) => ({ path, namespace: "absent" }));
    setup.onLoad({ filter: /.*/, namespace: "absent" }, ({ path }) => ({
      contents: `throw new Error("the atlas has no codec ${path}")`,
    }));
  },
};
const common = { bundle: true, target: "es2022", plugins: [withoutNumcodecs], absWorkingDir: here, logLevel: "warning" };

if (process.argv.includes("--tests")) {
  rmSync(join(here, "build"), { recursive: true, force: true });
  const entryPoints = readdirSync(join(here, "test")).filter((name) => name.endsWith(".test.ts")).map((name) => `test/${name}`);
  await build({ ...common, entryPoints, outdir: "build", outExtension: { ".js": ".mjs" }, format: "esm", platform: "node" });
} else {
  mkdirSync(target, { recursive: true });
  const { metafile } = await build({
    ...common, entryPoints: ["src/main.ts"], outfile: join(target, "finercam.js"), format: "iife", minify: true, metafile: true,
    legalComments: "none",
  });
  writeFileSync(join(target, "finercam.js.LICENSES.txt"), licences(Object.keys(metafile.inputs)));
}

/** The licence of every package whose code is in the bundle. */
function licences(inputs) {
  const packages = new Set(inputs.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean));
  return [...packages].sort().map((name) => {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), "utf8") : ""}`;
  }).join(`\n${"-".repeat(80)}\n\n`);
}
