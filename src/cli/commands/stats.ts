import { printable } from "../../diagnostic/printable.ts";
import { suggest } from "../../diagnostic/suggest.ts";
import { groupRuns, STATS_VERSION, statsJson } from "../../run/stats.ts";
import { systemClock } from "../../util/clock.ts";
import { parseDuration } from "../../util/duration.ts";
import { findProject } from "../../util/project.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { openForReading } from "../find-run.ts";
import { standing } from "../standing.ts";
import type { Terminal } from "../terminal.ts";
import { statsText } from "../view/stats.ts";

export interface StatsOptions {
  readonly json?: boolean;
  readonly state?: string;
  /** A duration: only runs that were started since then. */
  readonly since?: string;
}

/** `muster stats [WORKFLOW]` */
export async function run(
  terminal: Terminal,
  [name]: readonly string[],
  { since, ...options }: StatsOptions,
): Promise<ExitCode> {
  const sinceMs = since === undefined ? null : parseDuration(since);
  if (since !== undefined && sinceMs === null)
    throw new UsageError(`--since ${since}: write a duration such as 30d, 12h or 1d12h`);
  const store = openForReading(findProject(terminal.cwd, options.state ?? null));
  try {
    const from = sinceMs === null ? Number.NEGATIVE_INFINITY : systemClock.now() - sinceMs;
    const all = store.listAccounts().filter(({ startedAt }) => startedAt >= from);
    const chosen = name === undefined ? all : all.filter(({ workflow }) => workflow === name);
    if (name !== undefined && chosen.length === 0) {
      const near = suggest(name, [...new Set(all.map(({ workflow }) => workflow))]);
      const hint = near === null ? "'muster stats' shows all" : `did you mean '${near}'?`;
      throw new UsageError(`there is no run of a workflow '${printable(name)}'; ${hint}`);
    }
    const groups = groupRuns(chosen.map((account) => ({ ...account, status: standing(account) })));
    if (options.json === true)
      terminal.out(`${JSON.stringify({ version: STATS_VERSION, workflows: groups.map(statsJson) }, null, 2)}\n`);
    else if (groups.length === 0) terminal.err("there is no run yet: start one with 'muster run FILE'\n");
    else terminal.out(groups.map((group) => statsText(group, terminal.outColor)).join("\n"));
    return exitCode.succeeded;
  } finally {
    store.close();
  }
}
