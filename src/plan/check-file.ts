import { typeOf } from "../expression/check.ts";
import type { JsonSchema } from "../util/json.ts";
import type { WorkflowFile } from "./load-workflows.ts";
import { checkLimits } from "./passes/check-budgets.ts";
import { checkApprovals } from "./passes/check-approvals.ts";
import { artifactsOf, checkArtifactCalls, checkWrites, type Artifacts } from "./passes/artifacts.ts";
import { checkCycles } from "./passes/check-cycles.ts";
import { checkExpressions } from "./passes/check-expressions.ts";
import { checkFans } from "./passes/check-fans.ts";
import { checkUnused } from "./passes/check-unused.ts";
import { checkUses } from "./passes/check-uses.ts";
import { findEdges, type Edges } from "./passes/edges.ts";
import { parseTemplates, stepsWithin, type ParsedManifest } from "./passes/parse-templates.ts";
import { atTheTop, placeSteps, type PlacedStep } from "./passes/position.ts";
import { chooseAgents, type AgentChoices } from "./passes/choose-agents.ts";
import { checkSessions } from "./passes/check-sessions.ts";
import { checkSpawn } from "./passes/check-spawn.ts";
import { checkTools, type AgentTools } from "./passes/check-tools.ts";
import { checkAgents, resolveAgents, type AgentModels } from "./passes/resolve-agents.ts";
import { Models } from "./passes/resolve-models.ts";
import { closed, Scopes } from "./passes/scopes.ts";
import { writersOf } from "./passes/writer.ts";
import { shapesOf } from "./passes/step-shapes.ts";
import { pathBeside } from "./source-files.ts";
import { TextFiles } from "./text-files.ts";

/** A file of which everything was looked at that can be told from it and from those that it uses. */
export interface CheckedFile {
  readonly file: WorkflowFile;
  readonly parsed: ParsedManifest;
  /** All its steps by their ids. */
  readonly placed: ReadonlyMap<string, PlacedStep>;
  /** What each place may read. */
  readonly scopes: Scopes;
  readonly models: Models;
  readonly agentModels: AgentModels;
  /** Who may be chosen where an expression chooses the agent. */
  readonly choices: AgentChoices;
  /** Of those that have some. */
  readonly tools: AgentTools;
  readonly edges: Edges;
  readonly artifacts: Artifacts;
  /** What the workflow gives, as far as its shape is known. */
  readonly outputs: JsonSchema;
}

/**
 * Looks at a file and, first, at those that it uses, each once. Problems go to the files that have them. `vouches`:
 * somebody can say who people are that are named by a kind.
 */
export function checkFiles(
  top: WorkflowFile,
  vouches: (kind: string) => boolean,
): ReadonlyMap<WorkflowFile, CheckedFile> {
  const checked = new Map<WorkflowFile, CheckedFile>();
  const visit = (file: WorkflowFile): CheckedFile => {
    const known = checked.get(file);
    if (known !== undefined) return known;
    const used = new Map<string, CheckedFile>();
    for (const [id, below] of file.uses) if (below !== null) used.set(id, visit(below));
    const result = checkFile(file, used);
    checkApprovals(stepsWithin(result.parsed.scope), vouches, file.problems);
    checked.set(file, result);
    return result;
  };
  visit(top);
  return checked;
}

/** The audit copy stays in the workspace, and its name is known. */
function checkAudit({ events }: WorkflowFile["manifest"], problems: WorkflowFile["problems"]): void {
  if (events === null) return;
  const path = pathBeside("", events.file);
  const fail = (message: string): void =>
    problems.error(["events", "file"], {
      code: "WF2006",
      message,
      help: "write a path relative to the workspace, such as `logs/audit.ndjson`",
    });
  if (events.file.includes("{{")) fail("'file' is a fixed name, without expressions");
  else if (!path.ok) fail(`'file' ${path.error.replace(/:.*/, "")}`);
  else if (path.value === "" || path.value.split("/")[0] === ".." || events.file.endsWith("/"))
    fail(path.value.startsWith("..") ? "'file' leaves the workspace" : "'file' is no name of a file");
  else if (path.value.split("/").some((part) => part === ".git" || part === ".muster"))
    fail("'file' is inside of a folder that is not the user's");
}

function checkFile(file: WorkflowFile, used: ReadonlyMap<string, CheckedFile>): CheckedFile {
  const usedOutputs = new Map([...used].map(([id, { outputs }]) => [id, outputs]));
  const usedWrites = new Map([...used].map(([id, { artifacts }]) => [id, artifacts.claims]));
  const { manifest, problems } = file;
  checkAudit(manifest, problems);
  const parsed = parseTemplates(manifest, new TextFiles(file.place, file.origin.files), problems);
  const placed = placeSteps(parsed.scope);
  const steps = [...stepsWithin(parsed.scope)];

  const models = new Models(manifest, problems);
  const agentModels = resolveAgents(manifest, models);
  checkAgents(manifest, steps, problems);
  checkSessions(manifest, steps, problems);
  const tools = checkTools(file, parsed.servers, agentModels, problems);
  checkSpawn(manifest, problems);

  const scopes = new Scopes(
    manifest,
    shapesOf(manifest, placed, { outputs: usedOutputs, writes: usedWrites }),
    (word, names) => problems.suggest(word, names),
  );
  checkExpressions(manifest, parsed, placed, scopes, problems);
  const choices = chooseAgents(manifest, placed, scopes, problems);
  checkUses(file, placed, scopes, problems);
  const writers = writersOf(placed, usedWrites);
  const { edges, sources, fileEdges } = findEdges(parsed.scope, placed, writers, problems);
  checkCycles(edges, placed, fileEdges, problems);
  checkArtifactCalls(parsed, placed, problems);
  checkWrites(writers, edges, problems);
  checkFans(steps, problems);
  checkUnused(manifest, parsed, steps, choices, problems);
  checkLimits(manifest, problems);

  const scope = scopes.at("outputs", atTheTop, true);
  const outputs = Object.entries(parsed.scope.outputs).map(([name, value]) => [name, typeOf(value, scope)] as const);
  const artifacts = artifactsOf(placed, writers, sources, edges);
  return {
    file,
    parsed,
    placed,
    scopes,
    models,
    agentModels,
    choices,
    tools,
    edges,
    artifacts,
    outputs: closed(outputs),
  };
}
