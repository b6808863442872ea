import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";

/** A mistake that somebody could make: `find` stands once in `file`, a path below `src/`; `replace` is the mistake. */
export interface PlantedBug {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const project = resolve(import.meta.dirname, "../../..");

/** Writes the simulation as one file that Node runs at once; with a bug in it, or as the source is. */
export async function bundleSimulation(outfile: string, bug: PlantedBug | null = null): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, "main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    packages: "external",
    logLevel: "error",
    plugins: bug === null ? [] : [planting(bug)],
  });
}

function planting({
  name,
  file,
  find,
  replace,
}: PlantedBug): Parameters<typeof build>[0]["plugins"] extends (infer Plugin)[] | undefined ? Plugin : never {
  return {
    name: "planted-bug",
    setup(on) {
      on.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path !== join(project, "src", file)) return null;
        const [before, after, ...more] = (await readFile(path, "utf8")).split(find);
        if (after === undefined || more.length > 0)
          throw new Error(`'${name}': what it replaces stands not once in ${file}`);
        return { contents: `${before}${replace}${after}`, loader: "ts" };
      });
    },
  };
}
