import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { planOfRun } from "../../engine/local/read-run.ts";
import { estimate } from "../../plan/estimate.ts";
import { noChoice } from "../../plan/model-choice.ts";
import { renderDot } from "../../plan/render/dot.ts";
import { noStatuses, type GraphStatus, type GraphStatuses } from "../../plan/render/graph-status.ts";
import { renderMermaid } from "../../plan/render/mermaid.ts";
import { pictureOf, type Picture } from "../../plan/render/picture.ts";
import { renderSvg } from "../../plan/render/svg.ts";
import type { Plan } from "../../plan/types.ts";
import { Progress, type StepProgress } from "../../run/progress.ts";
import type { JsonObject } from "../../util/json.ts";
import { findProject } from "../../util/project.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { findRun, openForReading } from "../find-run.ts";
import { standing } from "../standing.ts";
import type { Terminal } from "../terminal.ts";
import { planOrExit } from "../workflow.ts";

export interface GraphOptions {
  readonly format: "mermaid" | "dot" | "svg";
  readonly json?: boolean;
  readonly state?: string;
}

/** `muster graph FILE|RUN`: what there is as a file is one. */
export async function run(
  terminal: Terminal,
  [name = ""]: readonly string[],
  options: GraphOptions,
): Promise<ExitCode> {
  const isFile = existsSync(resolve(terminal.cwd, name));
  const { plan, statuses } = isFile
    ? { plan: planOrExit(name, terminal, noChoice).plan, statuses: noStatuses }
    : graphOfRun(name, terminal, options);
  const told = estimate(plan);
  if (options.json === true) terminal.out(`${JSON.stringify(graphJson(plan, statuses), null, 2)}\n`);
  else if (options.format === "svg") terminal.out(renderSvg(plan, told, statuses));
  else if (options.format === "dot") terminal.out(renderDot(plan, told, statuses));
  else terminal.out(renderMermaid(plan, told, statuses));
  return exitCode.succeeded;
}

function graphOfRun(
  name: string,
  terminal: Terminal,
  options: GraphOptions,
): { readonly plan: Plan; readonly statuses: GraphStatuses } {
  const project = findProject(terminal.cwd, options.state ?? null);
  const looksLikeFile = /[/.]/.test(name);
  if (looksLikeFile) throw new UsageError(`cannot read ${name}: there is no such file`);
  const store = openForReading(project);
  try {
    const summary = findRun(store, name);
    const plan = planOfRun(store, summary.runId);
    if (plan === null)
      throw new UsageError(
        `run ${summary.runId} was created, but its runner stopped before anything began: 'muster resume ${summary.runId}'`,
      );
    const progress = new Progress(plan);
    for (const event of store.readEvents(summary.runId)) progress.apply(event);
    return { plan, statuses: statusesOf(progress, standing(summary) === "running") };
  } finally {
    store.close();
  }
}

function statusesOf(progress: Progress, isLive: boolean): GraphStatuses {
  const statuses = new Map<string, GraphStatus>();
  for (const { path, phase } of stepsWithin(progress.steps)) {
    const isAtWork = phase === "running" || phase === "retrying";
    if (phase === "pending" || (isAtWork && !isLive)) continue;
    statuses.set(path, phase === "retrying" ? "running" : phase);
  }
  return statuses;
}

function* stepsWithin(steps: readonly StepProgress[]): Generator<StepProgress> {
  for (const step of steps) {
    yield step;
    if (step.inside !== null) yield* stepsWithin(step.inside);
  }
}

function graphJson(plan: Plan, statuses: GraphStatuses) {
  return { version: 1, workflow: plan.workflow.name, ...scopeJson(pictureOf(plan, estimate(plan)), statuses) };
}

/** What is inside of a group stands in its node, in the same form. */
function scopeJson({ nodes, arrows }: Picture, statuses: GraphStatuses): JsonObject {
  return {
    nodes: nodes.map(({ box: { step }, path, inside }) => ({
      id: step.id,
      kind: step.body.kind,
      conditional: step.condition !== null,
      status: statuses.get(path) ?? null,
      ...(inside === null ? {} : { inside: scopeJson(inside, statuses) }),
    })),
    edges: arrows.map(({ from, to, label }) => ({
      from: nodes[from]?.box.step.id ?? "",
      to: nodes[to]?.box.step.id ?? "",
      some_of: label,
    })),
  };
}
