import { artifactCallsOf } from "../../expression/text/file-call.ts";
import { lazy } from "../../util/lazy.ts";
import type { Problems } from "../problems.ts";
import type { NeedGroup, PlannedFan, PlannedFiles } from "../types.ts";
import { Before } from "../before.ts";
import type { StepEdges } from "./edges.ts";
import type { Sources } from "./file-edges.ts";
import type { ParsedManifest, ParsedScope, ParsedStep } from "./parse-templates.ts";
import { positionOf, type PlacedStep } from "./position.ts";
import { pieceOf, type Site } from "./site.ts";
import { reportTooMany, seenFrom, type WriteClaim, type Writer } from "./writer.ts";
import { PathIndex } from "../path-index.ts";

/** What the steps of a file read and write. */
export interface Artifacts {
  /** null for a step that has to do with no files. */
  filesOf(step: ParsedStep): PlannedFiles | null;
  /** All that the steps of the file may write: for who uses it. */
  readonly claims: readonly WriteClaim[];
}

export function artifactsOf(
  placed: ReadonlyMap<string, PlacedStep>,
  writers: readonly Writer[],
  sources: Sources,
  edges: ReadonlyMap<ParsedScope, readonly StepEdges[]>,
): Artifacts {
  // Most files have nothing to do with files.
  const rank = lazy(() => ranksOf(placed, edges));
  return {
    claims: writers.flatMap(({ claims }) => claims),
    filesOf: (step) => {
      const own = placed.get(step.step.id);
      const found = own === undefined ? undefined : sources.get(own);
      const { reads, writes } = step.files;
      if (reads.length === 0 && writes.length === 0 && found === undefined) return null;
      const from = [...(found ?? [])];
      if (from.length > 1) from.sort((a, b) => (rank().get(a) ?? 0) - (rank().get(b) ?? 0));
      return {
        reads: reads.map(({ pattern }) => pattern),
        writes: writes.map(({ pattern }) => pattern),
        from: from.map(({ parsed }) => parsed.step.id),
      };
    },
  };
}

/** Places in an order in which each step comes after those that it waits for, and outer ones before those inside. */
function ranksOf(
  placed: ReadonlyMap<string, PlacedStep>,
  edges: ReadonlyMap<ParsedScope, readonly StepEdges[]>,
): ReadonlyMap<PlacedStep, number> {
  const at = new Map<ParsedScope, PlacedStep[]>();
  for (const step of placed.values()) {
    const known = at.get(step.scope);
    if (known === undefined) at.set(step.scope, [step]);
    else known.push(step);
  }
  const ranks = new Map<PlacedStep, number>();
  for (const [scope, steps] of at) {
    // Depth first without recursion: a chain may be 100,000 steps long. A cycle was reported; here it is cut.
    const seen = new Set<PlacedStep>();
    for (const first of steps) {
      const open = [first];
      for (let step = open.at(-1); step !== undefined; step = open.at(-1)) {
        const isNew = !seen.has(step);
        seen.add(step);
        const before = (edges.get(scope)?.[step.index]?.waits ?? []).flatMap((index) => steps[index] ?? []);
        const waiting = isNew ? before.filter((one) => !seen.has(one)) : [];
        if (waiting.length > 0) {
          open.push(...waiting);
          continue;
        }
        open.pop();
        if (!ranks.has(step)) ranks.set(step, ranks.size);
      }
    }
  }
  return ranks;
}

/** Reports `artifact` where no step runs that could wait for it. */
export function checkArtifactCalls(
  parsed: ParsedManifest,
  placed: ReadonlyMap<string, PlacedStep>,
  problems: Problems,
): void {
  const report = (site: Site): void => {
    if (site.template.kind !== "text") return;
    for (const call of artifactCallsOf(site.template.source)) {
      problems.error(site.pointer, {
        code: "WF4005",
        message: "`artifact` is in reach in the task of an agent and in the texts of a `run` step, not here",
        help: "read it there, and its output here",
        piece: pieceOf(site, call),
      });
    }
  };
  [...parsed.sites, ...parsed.scope.sites].forEach(report);
  for (const { parsed: step } of placed.values()) {
    const mayRead = step.body.kind === "agent" || step.body.kind === "run";
    for (const site of step.sites)
      if (!mayRead || (site.place !== "unit" && site.place !== "unit_environment")) report(site);
    if (step.body.kind === "steps") step.body.scope.sites.forEach(report);
  }
}

/** Reports steps, and items of one step, that may run at once and write the same file. */
export function checkWrites(
  writers: readonly Writer[],
  edges: ReadonlyMap<ParsedScope, readonly StepEdges[]>,
  problems: Problems,
): void {
  const order = new Order(edges);
  const before = new PathIndex<Claimed>();
  let checked = 0;
  for (const [position, writer] of writers.entries()) {
    if (!checkItems(writer, problems)) {
      const clash = clashOf(writer);
      if (clash !== null) reportClash(writer, clash.claim, clash.other, problems);
    }
    for (const claim of writer.claims) before.add(claim.skeleton, { writer, position, claim });
  }
  const [first] = writers;
  if (first !== undefined && (!before.isComplete || checked > MOST_PAIRS))
    reportTooMany(first.step, "writes", problems);

  /** The first of those before that may write the same at the same time. */
  function clashOf(writer: Writer): { readonly claim: Claim; readonly other: Claimed } | null {
    let first: { readonly claim: Claim; readonly other: Claimed } | null = null;
    for (const claim of writer.claims) {
      for (const other of before.overlapping(claim.skeleton)) {
        if (first !== null && first.other.position <= other.position) break;
        checked += 1;
        if (checked > MOST_PAIRS) return first;
        if (order.isSure(writer.step, other.writer.step)) continue;
        first = { claim, other };
        break;
      }
    }
    return first;
  }
}

type Claim = Writer["claims"][number];

/** A path with the step that writes it. */
interface Claimed {
  readonly writer: Writer;
  /** Its place among the writers of the file. */
  readonly position: number;
  readonly claim: Claim;
}

/** So many pairs of steps that write the same are looked at: a chain of three thousand steps that write one file. */
const MOST_PAIRS = 5_000_000;

function reportClash(writer: Writer, claim: Claim, other: Claimed, problems: Problems): void {
  const [id, otherId] = [writer.step.parsed.step.id, other.writer.step.parsed.step.id];
  problems.error(claim.pointer, {
    code: "WF3050",
    message: `steps '${otherId}' and '${id}' may run at once, and may write the same file`,
    help: `let one wait for the other (\`needs: [${otherId}]\`), or write to different paths`,
    related: [{ pointer: other.claim.pointer, message: `'${otherId}' writes it here` }],
  });
}

/** The items of a step, or of a group around it, at once: each needs a path or a folder of its own. True = reported. */
function checkItems({ step, claims }: Writer, problems: Problems): boolean {
  const id = step.parsed.step.id;
  for (const claim of claims) {
    if (claim.workspace === "isolated" || claim.workspace === "worktree") continue;
    for (let at: PlacedStep | null = step; at !== null; at = at.group) {
      const { fan } = at.parsed;
      if (fan === null || fan.maxParallel === 1) continue;
      const names = namesOfItem(fan);
      // What a sub-workflow is given tells its units apart.
      if (at.parsed.body.kind === "uses" ? claim.roots.has("inputs") : names.some((name) => claim.roots.has(name)))
        continue;
      const where = at === step ? "" : ` of the group '${at.parsed.step.id}'`;
      const put = at.parsed.body.kind === "uses" ? "inputs" : names[0];
      problems.error(claim.pointer, {
        code: "WF3050",
        message: `the items${where} may run at once, and each would write the same file of step '${id}'`,
        help: `put what tells them apart into the path ({{ ${put} }}), or write \`workspace: isolated\``,
      });
      return true;
    }
  }
  return false;
}

function namesOfItem({ variable }: PlannedFan): readonly string[] {
  return variable === "items" ? ["items"] : [variable, "index"];
}

/** Which steps surely run one after the other. */
class Order {
  readonly #edges: ReadonlyMap<ParsedScope, readonly StepEdges[]>;
  readonly #before = new Map<ParsedScope, Before>();

  constructor(edges: ReadonlyMap<ParsedScope, readonly StepEdges[]>) {
    this.#edges = edges;
  }

  isSure(one: PlacedStep, other: PlacedStep): boolean {
    const a = seenFrom(one, other.group);
    const b = seenFrom(other, a.group);
    if (positionOf(a).isFinally !== positionOf(b).isFinally) return true;
    const before = this.#beforeIn(a.scope);
    return before.has(a.index, b.index) || before.has(b.index, a.index);
  }

  /** What has ended in any case when a step of the scope starts. */
  #beforeIn(scope: ParsedScope): Before {
    let before = this.#before.get(scope);
    if (before === undefined) {
      const edges = this.#edges.get(scope) ?? [];
      const needsOf = (step: number): readonly number[] => {
        const groups = edges[step]?.groups ?? [];
        if (groups.length === 1 && groups[0] !== undefined) return isSureOf(groups[0]) ? groups[0].of : [];
        return groups.filter(isSureOf).flatMap(({ of }) => of);
      };
      this.#before.set(scope, (before = new Before(scope.steps.length, needsOf)));
    }
    return before;
  }
}

function isSureOf({ of, required }: NeedGroup): boolean {
  return required >= of.length;
}
