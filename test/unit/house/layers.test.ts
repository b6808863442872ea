import { describe, expect, it } from "vitest";
import { codeOf, filesUnder, importsOf, type SourceFile } from "./source-file.ts";

/** Left to right: a layer may import those to its left and itself, never one beside it or to its right. */
const layers: readonly (readonly string[])[] = [
  ["util"],
  ["diagnostic"],
  ["expression", "manifest"],
  ["plan", "format"],
  ["run", "diff", "editor"],
  ["policy"],
  ["network"],
  ["store", "provider", "reporter"],
  ["tool"],
  ["agent"],
  ["engine"],
  ["daemon"],
  ["compose"],
  ["library"],
  ["testing"],
  ["index", "cli"],
];

/** The ports, each with the parts of its folder that are not adapters: open to all adapters and to the layers above. */
const ports: { readonly [folder: string]: readonly string[] } = {
  store: ["store", "lease", "session", "mailbox", "state-change", "liveness", "process-observer"],
  provider: ["provider", "schema-prompt", "structured-output", "http", "batch"],
  tool: ["tool", "spec", "sandbox", "team", "tool-break", "tool-server"],
  reporter: ["reporter"],
};

/** The one import of node:process elsewhere: signals to other processes are effects of a run, not a look at our own. */
const allowedImport = { path: "src/engine/process/process-tree.ts", statement: 'import { kill } from "node:process";' };

const files = filesUnder("src", ".ts");
const imports = files.flatMap((file) => importsOf(file).map((target) => ({ path: file.path, target })));
const inner = imports.filter(({ target }) => target.startsWith("src/"));

const layerOf = (path: string): string => (path.split("/")[1] ?? "").replace(/\.ts$/, "");
const rankOf = (path: string): number => layers.findIndex((names) => names.includes(layerOf(path)));
const show = ({ path, target }: { path: string; target: string }): string => `${path} -> ${target}`;
const inLayers = (...names: string[]): readonly SourceFile[] =>
  files.filter(({ path }) => names.includes(layerOf(path)));

/** The adapter that a file belongs to, as `provider/anthropic`: `anthropic.ts` and all in `anthropic/`. */
function adapterOf(path: string): string | null {
  const part = (path.split("/")[2] ?? "").replace(/\.ts$/, "");
  const open = ports[layerOf(path)];
  return open === undefined || open.includes(part) ? null : `${layerOf(path)}/${part}`;
}

describe("the layers", () => {
  it("hold every file", () => {
    expect(files.map(({ path }) => path).filter((path) => rankOf(path) === -1)).toEqual([]);
    expect(inner.length).toBeGreaterThan(50);
  });

  it("import only to the left", () => {
    const wrong = inner.filter(
      ({ path, target }) => layerOf(path) !== layerOf(target) && rankOf(target) >= rankOf(path),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  it("know no adapter, except for compose and the adapter itself", () => {
    const wrong = inner.filter(({ path, target }) => {
      const adapter = adapterOf(target);
      return adapter !== null && adapter !== adapterOf(path) && layerOf(path) !== "compose" && path !== "src/index.ts";
    });
    expect(wrong.map(show)).toEqual([]);
  });
});

describe("purity", () => {
  it("plan and run do no I/O and know neither time nor chance", () => {
    const impure =
      /\b(?:setTimeout|setInterval|setImmediate|fetch|console|performance|process)\b\s*[.(]|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b/;
    const wrong = inLayers("plan", "run").flatMap((file) => [
      ...importsOf(file).filter((name) => name.startsWith("node:")),
      ...(impure.exec(codeOf(file)) ?? []).map((found) => `${file.path}: ${found}`),
    ]);
    expect(wrong).toEqual([]);
  });

  it("only the command line and compose.ts look at the process", () => {
    const wrong = files.filter((file) => {
      if (["cli", "compose"].includes(layerOf(file.path))) return false;
      const text = file.path === allowedImport.path ? file.text.replace(allowedImport.statement, "") : file.text;
      const named = importsOf({ path: file.path, text }).some((name) => /^(?:node:)?process$/.test(name));
      return named || /(?<![.\w$])process\s*[.[]/.test(codeOf(file));
    });
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it("no module keeps state", () => {
    const state =
      /^(?:export )?(?:let|var)\b.*|^(?:export )?const \w+ = (?:\/\* @__PURE__ \*\/ )?new (?:Weak)?(?:Map|Set)\(\).*/gm;
    const wrong = files.flatMap((file) =>
      [...codeOf(file).matchAll(state)].map(([statement]) => `${file.path}: ${statement}`),
    );
    expect(wrong).toEqual([]);
  });
});
