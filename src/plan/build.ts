import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { Document } from "../manifest/document.ts";
import type { NormalManifest } from "../manifest/normal.ts";
import type { NormalBreaker } from "../manifest/pressure.ts";
import { InternalError } from "../util/internal-error.ts";
import { err, ok, type Result } from "../util/result.ts";
import { checkFiles, type CheckedFile } from "./check-file.ts";
import { WorkflowLoader, type WorkflowFile } from "./load-workflows.ts";
import { noChoice } from "./model-choice.ts";
import { checkAgentFiles } from "./passes/check-agent-files.ts";
import { checkBatchApi } from "./passes/check-batch-api.ts";
import { checkDepth, type LeadPlace } from "./passes/check-depth.ts";
import { checkDrivers } from "./passes/check-drivers.ts";
import { checkGrants, checkTaint, type ScopePlace } from "./passes/check-grants.ts";
import { NO_EDGES } from "./passes/edges.ts";
import { checkPrices, type BuiltStep } from "./passes/check-budgets.ts";
import type { ParsedScope } from "./passes/parse-templates.ts";
import { addresseesOf } from "./passes/check-sessions.ts";
import { spawnOf } from "./passes/plan-spawn.ts";
import { withReplies } from "./passes/send-replies.ts";
import { planStep, type StepSurroundings } from "./passes/plan-steps.ts";
import { planOf } from "./plan-digest.ts";
import { noFiles } from "./source-files.ts";
import type {
  Plan,
  PlannedAgent,
  PlannedBreaker,
  PlannedScope,
  PlannedSession,
  PlannedSubWorkflow,
  PlannedTools,
} from "./types.ts";

/**
 * Builds the plan of a manifest and of those that it uses in passes, or tells all that is wrong with their names,
 * graphs and expressions at once: file by file, each in its order. `document` is where the manifest came from and
 * serves to find places only; `form` is what was found wrong with it before.
 *
 * Equal manifests give equal plans and digests, whatever their comments, spelling and order of keys; only the order
 * of the steps counts, since it decides which of two ready steps starts first and what the numbers in a plan mean.
 */
export function buildPlan(
  document: Document,
  manifest: NormalManifest,
  loader: WorkflowLoader = new WorkflowLoader(noFiles, noChoice),
  form: readonly Diagnostic[] = [],
  onChecked?: (top: CheckedFile, all: Iterable<CheckedFile>) => void,
): Result<{ readonly plan: Plan; readonly warnings: readonly Diagnostic[] }, readonly Diagnostic[]> {
  const top = loader.top(document, manifest, form);
  const checked = checkFiles(top, (kind) => loader.vouches(kind));
  onChecked?.(checkedOf(checked, top), checked.values());
  loader.checkLock();
  const { scopes, agents, sessions, places, steps, leads } = new Assembly(top, checked);
  checkPrices({ agents }, top, steps);
  const { name, version, description, inputs, secrets, limits, permissions, artifactStore } = top.manifest;
  const { variants, roi, events, telemetry } = top.manifest;
  const content: Omit<Plan, "digest"> = {
    format: 1,
    workflow: { name, version, description },
    inputs,
    env: checkedOf(checked, top).parsed.env,
    secrets: [...secrets].sort(),
    agents,
    ...(Object.keys(sessions).length === 0 ? {} : { sessions }),
    limits: {
      concurrency: limits.concurrency,
      timeoutMs: limits.timeoutMs,
      graceMs: limits.graceMs,
      ...(limits.budget === null ? {} : { budget: limits.budget }),
      ...(limits.rates === null ? {} : { rates: limits.rates }),
      ...(limits.breaker === null ? {} : { breaker: plannedBreaker(limits.breaker) }),
      ...(leads.length > 0 ? { spawn: { agents: limits.agents, depth: limits.depth } } : {}),
    },
    ...(permissions === null ? {} : { permissions }),
    ...(artifactStore === null ? {} : { artifactStore }),
    scopes,
    // Left out where they say nothing, so that a plan without them keeps its digest.
    ...(variants === null ? {} : { variants }),
    ...(roi === null ? {} : { roi }),
    ...(events === null ? {} : { events }),
    ...(telemetry === null ? {} : { telemetry }),
  };
  checkGrants({ ...content, digest: "" }, places);
  checkDepth({ ...content, digest: "" }, leads);
  const errors = loader.diagnosticsOf("error");
  if (errors.length > 0) return err(errors);
  const plan = planOf(content);
  checkTaint(plan, places);
  return ok({ plan, warnings: loader.diagnosticsOf("warning") });
}

type CheckedFiles = ReadonlyMap<WorkflowFile, CheckedFile>;

function checkedOf(checked: CheckedFiles, file: WorkflowFile): CheckedFile {
  const found = checked.get(file);
  if (found === undefined) throw new InternalError(`${file.path} was not looked at`);
  return found;
}

/** Numbers the scopes of all files: the workflow is 0, what is inside of a scope follows it. */
class Assembly {
  readonly scopes: PlannedScope[] = [];
  /** Where each scope was written. */
  readonly places: ScopePlace[] = [];
  /** Every step, in the order in which they were built. */
  readonly steps: BuiltStep[] = [];
  /** The agents that start others. */
  readonly leads: LeadPlace[] = [];
  /** Those of the files that were numbered so far: of a file all, before its first step. */
  readonly agents: { [name: string]: PlannedAgent } = {};
  readonly sessions: { [name: string]: PlannedSession } = {};
  readonly #top: WorkflowFile;
  readonly #checked: CheckedFiles;
  readonly #numbers = new Map<WorkflowFile, number>();

  constructor(top: WorkflowFile, checked: CheckedFiles) {
    this.#top = top;
    this.#checked = checked;
    this.#numberOf(top);
  }

  #numberOf(file: WorkflowFile): number {
    const known = this.#numbers.get(file);
    if (known !== undefined) return known;
    const checked = checkedOf(this.#checked, file);
    const { parsed, agentModels } = checked;
    for (const [name, models] of agentModels) {
      const { budget = null, assumeUsd = null } = file.manifest.agents[name] ?? {};
      const driver = parsed.drivers.get(name);
      const tools = this.#toolsOf(checked, name);
      const agent: PlannedAgent = {
        instructions: parsed.instructions.get(name) ?? null,
        models,
        ...(budget === null ? {} : { budget }),
        ...(assumeUsd === null ? {} : { assumeUsd }),
        ...(driver === undefined ? {} : { driver }),
        ...(tools === null ? {} : { tools }),
      };
      this.agents[this.#agentName(file, name)] = agent;
    }
    for (const [name, { agent, ...session }] of Object.entries(file.manifest.sessions)) {
      const { name: workflow } = file.manifest;
      this.sessions[this.#agentName(file, name)] = { agent: this.#agentName(file, agent), workflow, ...session };
    }
    const workflow = file === this.#top ? null : subWorkflowOf(checked);
    return this.#add(checked, parsed.scope, workflow, (number) => this.#numbers.set(file, number));
  }

  #toolsOf({ file, models, tools }: CheckedFile, name: string): PlannedTools | null {
    const { manifest } = file;
    const agent = manifest.agents[name];
    if (agent === undefined) return null;
    const { spawn } = agent;
    const planName = (each: string): string => this.#agentName(file, each);
    if (spawn !== null) this.leads.push({ agent: planName(name), name, problems: file.problems });
    const own = tools.get(name) ?? null;
    if (own === null) return null;
    const sends = addresseesOf(agent, manifest, planName);
    return {
      ...own,
      ...(spawn === null ? {} : { spawn: spawnOf(spawn, manifest, models, planName) }),
      ...(sends === null ? {} : { sends }),
    };
  }

  #add(
    checked: CheckedFile,
    scope: ParsedScope,
    workflow: PlannedSubWorkflow | null,
    numbered: (number: number) => void = () => undefined,
  ): number {
    const number = this.scopes.length;
    numbered(number);
    const { score } = checked.parsed;
    const rated = score === null || scope !== checked.parsed.scope ? {} : { score };
    this.scopes.push({ steps: [], outputs: scope.outputs, ...rated, workflow });
    this.places.push({ problems: checked.file.problems, steps: scope.steps.map(({ step }) => step.pointer) });
    const { file, models, edges, artifacts } = checked;
    const around: StepSurroundings = {
      manifest: file.manifest,
      models,
      problems: file.problems,
      choices: checked.choices,
      tools: checked.tools,
      agentName: (name) => this.#agentName(file, name),
      scopeOf: ({ step, body }) => {
        if (body.kind === "steps") return this.#add(checked, body.scope, null);
        const used = file.uses.get(step.id) ?? null;
        // A workflow that could not be read was reported: there will be no plan.
        return used === null ? 0 : this.#numberOf(used);
      },
      timeoutOf: ({ step }) => {
        const limits = file.uses.get(step.id)?.manifest.limits;
        return limits?.hasTimeout === true ? limits.timeoutMs : null;
      },
    };
    const found = edges.get(scope) ?? [];
    const steps = scope.steps.map((step, index) => {
      const one = planStep(step, found[index] ?? NO_EDGES, artifacts.filesOf(step), around);
      this.steps.push({ file, parsed: step, planned: one });
      return one;
    });
    const planned = { steps, outputs: scope.outputs, ...rated, workflow };
    const pointers = scope.steps.map(({ step }) => step.pointer);
    const all = withReplies(steps, pointers);
    this.scopes[number] = { ...planned, steps: all.steps };
    this.places[number] = { problems: file.problems, steps: all.pointers };
    checkDrivers(scope.steps, planned, this.agents, file.problems);
    checkBatchApi(scope.steps, planned, this.agents, file.problems);
    checkAgentFiles(scope.steps, planned, this.agents, file.problems);
    return number;
  }

  #agentName(file: WorkflowFile, name: string): string {
    return file === this.#top ? name : `${file.path}#${name}`;
  }
}

function plannedBreaker({ failures, cooldownMs, scope }: NormalBreaker): PlannedBreaker {
  return { failures, cooldownMs, scope };
}

function subWorkflowOf({ file, parsed }: CheckedFile): PlannedSubWorkflow {
  const { name, version, inputs, secrets, permissions, limits } = file.manifest;
  return {
    name,
    version,
    path: file.path,
    inputs,
    env: parsed.env,
    secrets: [...secrets].sort(),
    ...(permissions === null ? {} : { permissions }),
    ...(limits.budget === null ? {} : { budget: limits.budget }),
    ...(limits.rates === null ? {} : { rates: limits.rates }),
  };
}
