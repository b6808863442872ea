import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suggest } from "../../diagnostic/suggest.ts";
import { ciFile, CI_FILE } from "../ci-file.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import {
  listTemplates,
  readPolicyTemplate,
  readTemplate,
  secretsOf,
  type Template,
  type TemplateFile,
} from "../template.ts";
import type { Terminal } from "../terminal.ts";

export interface InitOptions {
  readonly json?: boolean;
}

/** `muster init [template]`: writes into the current folder, and never over a file that is there. */
export async function run(terminal: Terminal, [name]: readonly string[], options: InitOptions): Promise<ExitCode> {
  const templates = listTemplates();
  if (name === undefined) {
    if (options.json === true) terminal.out(`${JSON.stringify(templates, null, 2)}\n`);
    else terminal.out(listText(templates, terminal));
    return exitCode.succeeded;
  }
  const template = templates.find((each) => each.name === name);
  if (template === undefined) {
    const near = suggest(
      name,
      templates.map((each) => each.name),
    );
    throw new UsageError(
      `there is no template '${name}'${near === null ? "" : `; did you mean '${near}'?`} 'muster init' lists them`,
    );
  }
  const own = readTemplate(template, terminal.cwd);
  const jobs = { path: CI_FILE, text: ciFile(`workflows/${name}.yaml`, secretsOf(own[0]?.text ?? "")) };
  // Of the project, and not of the template: the jobs and the policy of another one stay as they are.
  const common = [readPolicyTemplate(terminal.cwd), jobs].filter(({ path }) => !existsSync(join(terminal.cwd, path)));
  const all = [...own, ...common];
  // Templates share partials: one that is there already, and is the same, is no obstacle.
  const isThere = (file: TemplateFile): boolean => existsSync(join(terminal.cwd, file.path));
  const isSame = (file: TemplateFile): boolean => readFileSync(join(terminal.cwd, file.path), "utf8") === file.text;
  const files = all.filter((file) => !(isPartial(file) && isThere(file) && isSame(file)));
  const taken = files.filter(isThere);
  if (taken.length > 0)
    throw new UsageError(
      `nothing was written: ${taken.map(({ path }) => path).join(", ")} ${taken.length === 1 ? "is" : "are"} there already; move ${taken.length === 1 ? "it" : "them"} away first`,
    );
  for (const { path, text } of files) {
    mkdirSync(dirname(join(terminal.cwd, path)), { recursive: true });
    writeFileSync(join(terminal.cwd, path), text, { flag: "wx" });
  }
  const manifest = files[0]?.path ?? "";
  const next = [
    `muster validate ${manifest}`,
    `muster test ${manifest}`,
    `muster plan ${manifest}`,
    `muster run ${manifest}`,
  ];
  if (options.json === true)
    terminal.out(
      `${JSON.stringify({ version: 1, template: name, files: files.map(({ path }) => path), next }, null, 2)}\n`,
    );
  else
    terminal.out(
      writtenText(
        files.map(({ path }) => path),
        next,
        terminal,
      ),
    );
  return exitCode.succeeded;
}

function isPartial({ path }: TemplateFile): boolean {
  return path.startsWith("workflows/prompts/");
}

function listText(templates: readonly Template[], { outColor: color }: Terminal): string {
  const width = Math.max(...templates.map(({ name }) => name.length));
  const lines = (kind: Template["kind"]): string =>
    templates
      .filter((template) => template.kind === kind)
      .map(({ name, description }) => `  ${color.bold(name.padEnd(width))}  ${description}\n`)
      .join("");
  return `Workflows\n${lines("workflow")}\nPatterns\n${lines("pattern")}\nmuster init NAME writes one to workflows/NAME.yaml, with tests, a policy, and jobs for CI\n`;
}

function writtenText(files: readonly string[], next: readonly string[], { outColor: color, env }: Terminal): string {
  const key =
    (env["ANTHROPIC_API_KEY"] ?? "") === ""
      ? "export ANTHROPIC_API_KEY=...   # the agents ask Anthropic's models\n  "
      : "";
  return `${files.map((path) => `${color.green("wrote")} ${path}\n`).join("")}\nNext\n  ${key}${next.join("\n  ")}\n`;
}
