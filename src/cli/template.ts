import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join, posix, sep } from "node:path";
import { parse } from "yaml";
import { POLICY_FILE } from "../policy/policy.ts";
import { isTestFile } from "../testing/read.ts";
import { isJsonObject } from "../util/json.ts";
import { version } from "../util/version.ts";
import { packageRoot } from "./package-root.ts";

/** A workflow that comes with the package, to begin with. */
export interface Template {
  readonly name: string;
  /** `pattern`: one thing shown as small as it can be. */
  readonly kind: "workflow" | "pattern";
  /** The manifest's own description, one line. */
  readonly description: string;
}

/** The environment variables that are secrets of a manifest. */
export function secretsOf(manifest: string): readonly string[] {
  const data: unknown = parse(manifest);
  const secrets = isJsonObject(data) ? data["secrets"] : undefined;
  return Array.isArray(secrets) ? secrets.filter((name) => typeof name === "string") : [];
}

/** A file of a template, by its path in the new project, with `/`. */
export interface TemplateFile {
  readonly path: string;
  readonly text: string;
}

/** The smallest comes first, the others by name. */
const FIRST = "hello";

/** Where templates lie in this package: whole workflows, and the patterns of the guide. */
const folders = { workflow: "workflows", pattern: "workflows/patterns" } as const;

/** The templates of this installation: workflows first, then patterns. */
export function listTemplates(): readonly Template[] {
  return (["workflow", "pattern"] as const).flatMap((kind) => {
    const folder = join(packageRoot(), folders[kind]);
    const names = readdirSync(folder).flatMap((file) =>
      file.endsWith(".yaml") && !isTestFile(file) ? [file.slice(0, -".yaml".length)] : [],
    );
    names.sort((a, b) => Number(b === FIRST) - Number(a === FIRST) || (a < b ? -1 : 1));
    return names.map((name) => ({
      name,
      kind,
      description: descriptionOf(readFileSync(join(folder, `${name}.yaml`), "utf8")),
    }));
  });
}

/**
 * The files of a template as they are written into a project: the manifest, its tests, what lies in the folder of its name, the
 * workflows that it uses, and the partials that any of them includes. The first line of a manifest, or of tests, leads an
 * editor to the schema.
 */
export function readTemplate({ name, kind }: Template, projectRoot: string): readonly TemplateFile[] {
  const workflows = join(packageRoot(), folders[kind]);
  const tests = `${name}.test.yaml`;
  const paths = [
    `${name}.yaml`,
    ...(existsSync(join(workflows, tests)) ? [tests] : []),
    ...filesIn(join(workflows, name)).map((path) => posix.join(name, path)),
  ];
  const used = [...readFileSync(join(workflows, `${name}.yaml`), "utf8").matchAll(/\buses: \.\/([\w./-]+\.yaml)/g)];
  for (const [, path = ""] of used) if (!paths.includes(path)) paths.push(path);
  const texts = paths.map((path) => readFileSync(join(workflows, path), "utf8"));
  const partials = filesIn(join(workflows, "prompts")).filter((file) =>
    texts.some((text) => text.includes(`{{> ${basename(file, extname(file))}}}`)),
  );
  for (const file of partials) {
    paths.push(posix.join("prompts", file));
    texts.push(readFileSync(join(workflows, "prompts", file), "utf8"));
  }
  return paths.map((path, index) => {
    // Whatever it was here, in the project it lies in the folder of workflows.
    const text = (texts[index] ?? "").replaceAll(`${folders[kind]}/`, "workflows/");
    return {
      path: posix.join("workflows", path),
      text: path.endsWith(".yaml") ? withSchema(text, posix.join("workflows", path), projectRoot) : text,
    };
  });
}

/** The policy to start with, for the root of a project. */
export function readPolicyTemplate(projectRoot: string): TemplateFile {
  const text = readFileSync(join(packageRoot(), "policies", "starter.yaml"), "utf8");
  // How one gets it is nothing to say of it where it is.
  const own = text.replace(/^# Rules to start with[^]*?\n(?=\w)/m, () => `# ${POLICY_SAYS}\n`);
  return { path: POLICY_FILE, text: withSchema(own, POLICY_FILE, projectRoot) };
}

const POLICY_SAYS =
  "Rules for every workflow of this project: `muster validate`, `muster plan` and `muster diff` hold them to it.";

/** Every file below a folder, with `/`, in order; none when there is no such folder. */
function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return paths
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => path.split(sep).join("/"))
    .sort();
}

/** The schema that is installed in the project, else the published one of this version. `path` is that in the project. */
function withSchema(text: string, path: string, projectRoot: string): string {
  const form = path === POLICY_FILE ? "policy" : isTestFile(path) ? "test" : "workflow";
  const file = `agentmuster/schemas/${form}.v1.json`;
  const up = "../".repeat(path.split("/").length - 1) || "./";
  const schema = existsSync(join(projectRoot, "node_modules", file))
    ? `${up}node_modules/${file}`
    : `https://unpkg.com/${file.replace("agentmuster", `agentmuster@${version}`)}`;
  return text.replace(/^# yaml-language-server: .*$/m, () => `# yaml-language-server: $schema=${schema}`);
}

function descriptionOf(manifest: string): string {
  const data: unknown = parse(manifest);
  const description = isJsonObject(data) ? data["description"] : null;
  return typeof description === "string" ? description.trim() : "";
}
