import { artifactCallsOf } from "../../expression/text/file-call.ts";
import type { EdgePlace } from "./edge-place.ts";
import { standInFor, type PlacedStep } from "./position.ts";
import { pieceOf } from "./site.ts";
import { mayWrite, seenFrom, type Writer } from "./writer.ts";

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
): { readonly sources: Sources; readonly fileEdges: readonly FileEdge[] } {
  const sources = new Map<PlacedStep, Set<PlacedStep>>();
  const fileEdges: FileEdge[] = [];
  const before = new Ancestors(placed, waitsOf);
  const computed: PlacedStep[] = [];
  for (const reader of placed.values()) {
    const reads = readsOf(reader);
    if (reads.length === 0) continue;
    const found = new Set<PlacedStep>();
    sources.set(reader, found);
    if (reads.some(({ skeleton }) => skeleton === null)) computed.push(reader);
    for (const writer of writers) {
      if (writer.step === reader || (writer.step.isFinally && !reader.isFinally)) continue;
      const read = reads.find(({ skeleton }) => skeleton !== null && mayWrite(writer, skeleton));
      if (read === undefined) continue;
      const from = seenFrom(writer.step, reader.group);
      // When `finally` starts, everything else has ended.
      if (reader.isFinally && !from.isFinally) {
        found.add(from);
        continue;
      }
      const to = standInFor(reader.group, reader, from);
      if (to === null || to === from || before.of(from).has(to)) continue;
      found.add(from);
      fileEdges.push({ from, to, place: read.place });
    }
  }
  const isAwaited = (from: PlacedStep, to: PlacedStep): boolean =>
    waitsOf(to).includes(from.index) || fileEdges.some((edge) => edge.from === from && edge.to === to);
  for (const reader of computed)
    for (const step of awaitedWriters(reader, writers, isAwaited)) sources.get(reader)?.add(step);
  return { sources, fileEdges };
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

/** Those that a step, or a group around it, waits for and that write something. */
function awaitedWriters(
  reader: PlacedStep,
  writers: readonly Writer[],
  isAwaited: (from: PlacedStep, to: PlacedStep) => boolean,
): readonly PlacedStep[] {
  return writers.flatMap(({ step }) => {
    const from = seenFrom(step, reader.group);
    if (reader.isFinally && !from.isFinally) return [from];
    const to = standInFor(reader.group, reader, from);
    return to !== null && to !== from && isAwaited(from, to) ? [from] : [];
  });
}

/** All that a step waits for in its scope, directly or not. */
class Ancestors {
  readonly #waitsOf: WaitsOf;
  readonly #placed: ReadonlyMap<string, PlacedStep>;
  readonly #known = new Map<PlacedStep, ReadonlySet<PlacedStep>>();

  constructor(placed: ReadonlyMap<string, PlacedStep>, waitsOf: WaitsOf) {
    this.#placed = placed;
    this.#waitsOf = waitsOf;
  }

  of(step: PlacedStep): ReadonlySet<PlacedStep> {
    const known = this.#known.get(step);
    if (known !== undefined) return known;
    const found = new Set<PlacedStep>();
    const open = [step];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const index of this.#waitsOf(next)) {
        const before = this.#placed.get(step.scope.steps[index]?.step.id ?? "");
        if (before === undefined || found.has(before)) continue;
        found.add(before);
        open.push(before);
      }
    }
    this.#known.set(step, found);
    return found;
  }
}
