import { findCages, type Cages } from "../engine/process/cgroup.ts";
import { runProcess } from "../engine/process/run-process.ts";
import type { Resolve } from "../network/resolve.ts";
import { teamOfPlan } from "../plan/team.ts";
import type { Plan } from "../plan/types.ts";
import { createFileTools } from "../tool/files/files.ts";
import { findBubblewrap } from "../tool/sandbox/bubblewrap.ts";
import { INSTALL_SANDBOX, type PreparedSandbox } from "../tool/sandbox/sandbox.ts";
import { createShellTool, type RunProgram } from "../tool/shell.ts";
import { createStateTools } from "../tool/state.ts";
import type { Tool } from "../tool/tool.ts";
import { createSearchTool, type SearchEndpoint } from "../tool/web/search.ts";
import { createWebTools } from "../tool/web/fetch.ts";

/** From SIGTERM to SIGKILL when a command is stopped. */
const KILL_GRACE_MS = 2_000;

export interface ToolsOptions {
  /** What programs outside of a sandbox inherit: nothing secret. */
  readonly environment: { readonly [name: string]: string };
  readonly resolve: Resolve;
  /** Where `web_search` goes; left out or null = there is none. */
  readonly search?: SearchEndpoint | null;
  readonly sandbox: () => PreparedSandbox | null;
  /** Control groups, if there may be some; looked for when they are first asked for, once. */
  readonly cages: () => Cages | null;
}

/** The tools that come with muster. */
export function builtInTools({ environment, resolve, search = null, sandbox, cages }: ToolsOptions): readonly Tool[] {
  return [
    ...createFileTools(),
    ...createStateTools(),
    ...createWebTools(resolve),
    createSearchTool(search, resolve),
    createShellTool({ run: programRunner(cages), environment, sandbox }),
  ];
}

function programRunner(cages: () => Cages | null): RunProgram {
  return ({ argv, limits, isShutIn, ...request }, signal) =>
    runProcess(
      { ...request, command: { argv }, stdin: null },
      { signal, killGraceMs: KILL_GRACE_MS, limits, isShutIn, cages: cages() },
    );
}

/** Looks for control groups when they are first asked for, once. */
export function cagesOfThisMachine(): () => Cages | null {
  let found: Cages | null | undefined;
  return () => (found === undefined ? (found = findCages(process.pid)) : found);
}

/** Looks for a sandbox when it is first asked for, once. */
export function sandboxOfThisMachine(): () => PreparedSandbox | null {
  let found: PreparedSandbox | null | undefined;
  return () => (found === undefined ? (found = findBubblewrap()) : found);
}

/** What agents of the plan need of a sandbox and this machine does not have: a sentence for each. */
export function missingSandbox(plan: Plan, sandbox: () => PreparedSandbox | null): readonly string[] {
  const needing = [...teamOfPlan(plan)].flatMap((name) => {
    const tools = plan.agents[name]?.tools;
    const needsOne = (sandbox: "require" | "prefer" | "off"): boolean => sandbox === "require";
    const shell = tools?.names.includes("shell") === true && needsOne(tools.sandbox) ? ["may use the shell"] : [];
    const servers = (tools?.servers ?? []).flatMap((server) =>
      server.kind === "stdio" && needsOne(server.sandbox) ? [`has the MCP server '${server.name}'`] : [],
    );
    return [...shell, ...servers].map((why) => `agent '${name}' ${why}`);
  });
  if (needing.length === 0 || sandbox() !== null) return [];
  return needing.map((why) => `${why}, and there is no sandbox here: ${INSTALL_SANDBOX}`);
}
