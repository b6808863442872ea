import type { Environment } from "../../compose/environment.ts";
import type { Project } from "../../util/project.ts";
import type { LiveRuns } from "./live-runs.ts";

/** What the tools work on. */
export interface McpHost {
  readonly cwd: string;
  readonly env: Environment;
  readonly project: Project;
  /** The state file that was named; null = that of the project. */
  readonly state: string | null;
  /** The one workflow that is served, relative to `cwd`; null = those of the project. */
  readonly file: string | null;
  readonly runs: LiveRuns;
}

/** What a tool may use of the call. */
export interface ToolCall {
  /** The client has given up on the answer. */
  readonly signal: AbortSignal;
  /** Tells how far the work is, where the client asked for that. */
  progress(done: number, message: string): void;
}

/** One tool of the server. */
export interface McpTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Its parameters, by JSON Schema. */
  readonly properties: { readonly [name: string]: unknown };
  readonly required?: readonly string[];
  /** It changes nothing outside of itself. */
  readonly isReadOnly: boolean;
  /** Answers a JSON document, or throws RequestError or UsageError for what the caller can mend. */
  call(given: { readonly [name: string]: unknown }, call: ToolCall): Promise<{ readonly [key: string]: unknown }>;
}
