import { artifactCallsOf } from "../../expression/text/file-call.ts";
import { PathIndex } from "../path-index.ts";
import type { Problems } from "../problems.ts";
import { Before } from "../before.ts";
import type { EdgePlace } from "./edge-place.ts";
import type { ParsedScope } from "./parse-templates.ts";
import { standInFor, type PlacedStep } from "./position.ts";
import { pieceOf } from "./site.ts";
import { reportTooMany, seenFrom, type Writer } from "./writer.ts";

/** A file that a step reads; `skeleton` null = its name is computed. */
interface FileRead {
  readonly skeleton: string | null;
  readonly place: EdgePlace;
}

/** Steps whose artifacts a step may find, in no order. */
export type Sources = ReadonlyMap<PlacedStep, ReadonlySet<PlacedStep>>;

/** A step waits for another because of a file; both lie in one scope. */
export interface FileEdge {
  readonly from: PlacedStep;
  readonly to: PlacedStep;
  readonly place: EdgePlace;
}

/** What a step waits for by references and `needs`: positions in its scope, some maybe twice. */
type WaitsOf = (step: PlacedStep) => readonly number[];

/**
 * The edges to steps that read by `reads` or `artifact` what another writes, unless that one waits for the reader: then it
 * reads what was there before. A file whose name is computed is looked for among the steps that are waited for anyway.
 */
export function findFileEdges(
  placed: ReadonlyMap<string, PlacedStep>,
  writers: readonly Writer[],
  waitsOf: WaitsOf,
  problems: Problems,
): { readonly sources: Sources; readonly fileEdges: readonly FileEdge[] } {
  const sources = new Map<PlacedStep, Set<PlacedStep>>();
  const fileEdges: FileEdge[] = [];
  const before = new Ancestors(placed, waitsOf);
  const computed: PlacedStep[] = [];
  const index = indexOf(writers);
  let found = 0;
  for (const reader of placed.values()) {
    const reads = readsOf(reader);
    if (reads.length === 0) continue;
    const own = new Set<PlacedStep>();
    sources.set(reader, own);
    if (reads.some(({ skeleton }) => skeleton === null)) computed.push(reader);
    for (const [{ step: writer }, { place }] of foundBy(reads, index)) {
      if (writer === reader || (writer.isFinally && !reader.isFinally)) continue;
      if ((found += 1) > MOST_FOUND) break;
      const from = seenFrom(writer, reader.group);
      // When `finally` starts, everything else has ended.
      if (reader.isFinally && !from.isFinally) {
        own.add(from);
        continue;
      }
      const to = standInFor(reader.group, reader, from);
      if (to === null || to === from || before.has(from, to)) continue;
      own.add(from);
      fileEdges.push({ from, to, place });
    }
  }
  const awaited = new AwaitedWriters(placed, writers, waitsOf, fileEdges);
  for (const reader of computed)
    for (const step of awaited.of(reader)) if ((found += 1) <= MOST_FOUND) sources.get(reader)?.add(step);
  const [first] = sources.keys();
  if (first !== undefined && (!index.isComplete || found > MOST_FOUND)) reportTooMany(first, "reads", problems);
  return { sources, fileEdges };
}

/** So many pairs of a step that writes a file and one that may read it are followed. */
const MOST_FOUND = 200_000;

interface Place {
  readonly writer: Writer;
  readonly position: number;
}

function indexOf(writers: readonly Writer[]): PathIndex<Place> {
  const index = new PathIndex<Place>();
  writers.forEach((writer, position) => {
    for (const { skeleton } of writer.claims) index.add(skeleton, { writer, position });
  });
  return index;
}

/** Who may write something of what is read, in the order of the file, each with the first that asks for it. */
function foundBy(reads: readonly FileRead[], index: PathIndex<Place>): readonly (readonly [Writer, FileRead])[] {
  const found = new Map<Place["writer"], { readonly position: number; readonly read: FileRead }>();
  for (const read of reads) {
    if (read.skeleton === null) continue;
    for (const { writer, position } of index.overlapping(read.skeleton))
      if (!found.has(writer)) found.set(writer, { position, read });
  }
  return [...found]
    .sort(([, a], [, b]) => a.position - b.position)
    .map(([writer, { read }]) => [writer, read] as const);
}

function readsOf({ parsed }: PlacedStep): readonly FileRead[] {
  const declared = parsed.files.reads.map(({ skeleton, pointer }) => ({ skeleton, place: { pointer } }));
  const inTexts = parsed.sites.flatMap((site) =>
    site.template.kind !== "text"
      ? []
      : artifactCallsOf(site.template.source).map((call) => ({
          skeleton: call.path,
          place: { pointer: site.pointer, piece: pieceOf(site, call) },
        })),
  );
  return [...declared, ...inTexts];
}

/** Those that a step, or a group around it, waits for and that write something, themselves or inside. */
class AwaitedWriters {
  readonly #placed: ReadonlyMap<string, PlacedStep>;
  readonly #waitsOf: WaitsOf;
  readonly #writing = new Set<PlacedStep>();
  readonly #fileEdges = new Map<PlacedStep, PlacedStep[]>();

  constructor(
    placed: ReadonlyMap<string, PlacedStep>,
    writers: readonly Writer[],
    waitsOf: WaitsOf,
    fileEdges: readonly FileEdge[],
  ) {
    this.#placed = placed;
    this.#waitsOf = waitsOf;
    for (const { step } of writers)
      for (let at: PlacedStep | null = step; at !== null; at = at.group) this.#writing.add(at);
    for (const { from, to } of fileEdges) {
      const known = this.#fileEdges.get(to);
      if (known === undefined) this.#fileEdges.set(to, [from]);
      else known.push(from);
    }
  }

  *of(reader: PlacedStep): Generator<PlacedStep> {
    for (let to: PlacedStep | null = reader; to !== null; to = to.group) {
      for (const index of this.#waitsOf(to)) {
        const from = this.#placed.get(to.scope.steps[index]?.step.id ?? "");
        if (from !== undefined && from !== to && this.#writing.has(from)) yield from;
      }
      yield* this.#fileEdges.get(to) ?? [];
    }
    // When `finally` starts, everything else has ended.
    if (reader.isFinally) for (const from of this.#writing) if (from.group === null && !from.isFinally) yield from;
  }
}

/** All that a step waits for in its scope, directly or not. */
class Ancestors {
  readonly #waitsOf: WaitsOf;
  readonly #placed: ReadonlyMap<string, PlacedStep>;
  readonly #known = new Map<ParsedScope, Before>();

  constructor(placed: ReadonlyMap<string, PlacedStep>, waitsOf: WaitsOf) {
    this.#placed = placed;
    this.#waitsOf = waitsOf;
  }

  /** Whether a step waits for another of its scope. */
  has({ scope, index }: PlacedStep, before: PlacedStep): boolean {
    let known = this.#known.get(scope);
    if (known === undefined) {
      const needsOf = (step: number): readonly number[] => {
        const placed = this.#placed.get(scope.steps[step]?.step.id ?? "");
        return placed === undefined ? [] : this.#waitsOf(placed);
      };
      this.#known.set(scope, (known = new Before(scope.steps.length, needsOf)));
    }
    return known.has(index, before.index);
  }
}
