import { realpathSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { diagnosticsToJson } from "../../diagnostic/json.ts";
import { load, type Loaded, type ManifestSource, type Workflow } from "../../library/load.ts";
import { RequestError } from "../../library/request-error.ts";
import type { Json, JsonObject } from "../../util/json.ts";
import type { McpHost } from "./host.ts";

/** Which workflow a tool means. */
export interface WorkflowArguments {
  /** Path of a manifest; only where the server serves no file of its own. */
  readonly workflow?: string;
  /** The text of a manifest, in place of a file. */
  readonly text?: string;
}

/** The properties of a tool that takes a file: none where the server has one. */
export function fileProperty({ file }: McpHost): JsonObject {
  if (file !== null) return {};
  const description = "Path of the manifest, relative to the project, such as workflows/review.yaml";
  return { workflow: { type: "string", description } };
}

/** Reads and checks what the arguments mean. RequestError: there is no such file, or it lies outside of the project. */
export async function loadFor(host: McpHost, { workflow, text }: WorkflowArguments): Promise<Loaded> {
  const { cwd, env } = host;
  return await load(text === undefined ? fileOf(host, workflow) : sourceOf(host, text, workflow), { cwd, env });
}

/** The workflow, if it is valid; RequestError with its errors otherwise. */
export async function validFor(host: McpHost, given: WorkflowArguments): Promise<Workflow> {
  const loaded = await loadFor(host, given);
  if (loaded.ok) return loaded.workflow;
  throw new RequestError([
    "the workflow is not valid:",
    ...loaded.diagnostics
      .filter(({ severity }) => severity === "error")
      .map(({ file, span, code, message }) => `${file}:${span.line}:${span.column} ${code}: ${message}`),
  ]);
}

/** The problems of a manifest as `validate --json` has them. */
export function problemsOf({ ok, diagnostics }: Loaded): JsonObject {
  return { valid: ok, ...(diagnosticsToJson(diagnostics) as { readonly [key: string]: Json }) };
}

/** The text is looked at as if it lay where the file does, so that its partials and files are found. */
function sourceOf(host: McpHost, text: string, workflow: string | undefined): ManifestSource {
  return { text, path: host.file ?? (workflow === undefined ? "workflow.yaml" : inside(host, workflow)) };
}

function fileOf(host: McpHost, workflow: string | undefined): string {
  if (host.file !== null) return host.file;
  if (workflow === undefined) throw new RequestError(["say which: `workflow` is the path of a manifest"]);
  return inside(host, workflow);
}

/** Nobody who asks over MCP has this server read what lies elsewhere. */
function inside({ cwd, project }: McpHost, path: string): string {
  const isInside = (absolute: string, root: string): boolean => {
    const way = relative(root, absolute);
    return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  };
  const absolute = resolve(cwd, path);
  if (!isInside(absolute, project.root)) throw new RequestError([`${path} is not in the project`]);
  let real: string;
  try {
    real = realpathSync(absolute);
  } catch {
    return path; // it is told as what cannot be read
  }
  if (!isInside(real, realpathSync(project.root))) throw new RequestError([`${path} leads out of the project`]);
  return path;
}
