import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join, posix, sep } from "node:path";
import { parse } from "yaml";
import { isTestFile } from "../testing/read.ts";
import { isJsonObject } from "../util/json.ts";
import { version } from "../util/version.ts";
import { packageRoot } from "./package-root.ts";

/** A workflow that comes with the package, to begin with. */
export interface Template {
  readonly name: string;
  /** The manifest's own description, one line. */
  readonly description: string;
}

/** A file of a template, by its path in the new project, with `/`. */
export interface TemplateFile {
  readonly path: string;
  readonly text: string;
}

/** The smallest comes first, the others by name. */
const FIRST = "hello";

/** The templates of this installation. */
export function listTemplates(): readonly Template[] {
  const names = readdirSync(join(packageRoot(), "workflows")).flatMap((file) =>
    file.endsWith(".yaml") && !isTestFile(file) ? [file.slice(0, -".yaml".length)] : [],
  );
  names.sort((a, b) => Number(b === FIRST) - Number(a === FIRST) || (a < b ? -1 : 1));
  return names.map((name) => ({
    name,
    description: descriptionOf(readFileSync(join(packageRoot(), "workflows", `${name}.yaml`), "utf8")),
  }));
}

/**
 * The files of a template as they are written into a project: the manifest, its tests, what lies in the folder of its name, and
 * the partials that any of them includes. The first line of a manifest, or of tests, leads an editor to the schema.
 */
export function readTemplate(name: string, projectRoot: string): readonly TemplateFile[] {
  const workflows = join(packageRoot(), "workflows");
  const tests = `${name}.test.yaml`;
  const paths = [
    `${name}.yaml`,
    ...(existsSync(join(workflows, tests)) ? [tests] : []),
    ...filesIn(join(workflows, name)).map((path) => posix.join(name, path)),
  ];
  const texts = paths.map((path) => readFileSync(join(workflows, path), "utf8"));
  const partials = filesIn(join(workflows, "prompts")).filter((file) =>
    texts.some((text) => text.includes(`{{> ${basename(file, extname(file))}}}`)),
  );
  for (const file of partials) {
    paths.push(posix.join("prompts", file));
    texts.push(readFileSync(join(workflows, "prompts", file), "utf8"));
  }
  return paths.map((path, index) => {
    const text = texts[index] ?? "";
    return {
      path: posix.join("workflows", path),
      text: path.endsWith(".yaml") ? withSchema(text, path, projectRoot) : text,
    };
  });
}

/** Every file below a folder, with `/`, in order; none when there is no such folder. */
function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return paths
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => path.split(sep).join("/"))
    .sort();
}

/** The schema that is installed in the project, else the published one of this version. `path` is below `workflows`. */
function withSchema(manifest: string, path: string, projectRoot: string): string {
  const file = `agentmuster/schemas/${isTestFile(path) ? "test" : "workflow"}.v1.json`;
  const up = "../".repeat(path.split("/").length);
  const schema = existsSync(join(projectRoot, "node_modules", file))
    ? `${up}node_modules/${file}`
    : `https://unpkg.com/${file.replace("agentmuster", `agentmuster@${version}`)}`;
  return manifest.replace(/^# yaml-language-server: .*$/m, () => `# yaml-language-server: $schema=${schema}`);
}

function descriptionOf(manifest: string): string {
  const data: unknown = parse(manifest);
  const description = isJsonObject(data) ? data["description"] : null;
  return typeof description === "string" ? description.trim() : "";
}
