import { readdirSync, readFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";
import { transformSync } from "esbuild";

const root = resolve(import.meta.dirname, "../../..");

/** A file of the project as the rules of the house look at it. */
export interface SourceFile {
  /** Relative to the project, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** All files under a folder of the project whose names end so, in order. */
export function filesUnder(folder: string, suffix: string): readonly SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => posix.join(folder, name.replaceAll("\\", "/")))
    .filter((path) => path.endsWith(suffix))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** The text of one file of the project. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** What a file imports or re-exports, types too: paths relative to the project for its own files, else names as written. */
export function importsOf({ path, text }: SourceFile): readonly string[] {
  const statements = text.matchAll(
    /^(?:import|export)\b[^;"]*?\bfrom\s*"([^"]+)"|^import\s*"([^"]+)"|\bimport\("([^"]+)"\)/gm,
  );
  return [...statements].map((match) => {
    const name = (match[1] ?? match[2] ?? match[3]) as string;
    return name.startsWith(".") ? posix.join(posix.dirname(path), name) : name;
  });
}

/**
 * The file as plain JavaScript without types and comments, and with empty strings: each statement of the module
 * starts in the first column.
 */
export function codeOf({ path, text }: SourceFile): string {
  const { code } = transformSync(text, { loader: "ts", target: "esnext", legalComments: "none", sourcefile: path });
  return code.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
}
