import { InternalError } from "../util/internal-error.ts";
import type { PlannedScope } from "./types.ts";

/** A graph by predecessors: `graph[i]` are the positions that `i` waits for, each once, in rising order. */
export type Graph = readonly (readonly number[])[];

/** What each step of a scope waits for. `finally` steps wait for all others too, which is not listed. */
export function graphOf(scope: PlannedScope): Graph {
  return scope.steps.map((step) => {
    const only = step.needs[0];
    if (step.needs.length === 1 && only !== undefined) return only.of;
    return [...new Set(step.needs.flatMap((group) => group.of))].sort((a, b) => a - b);
  });
}

/**
 * The steps in waves: everything in a wave could start at once when all earlier waves have ended.
 * Inside a wave in the order of the file. `finally` steps come in waves of their own at the end.
 */
export function wavesOf(scope: PlannedScope): number[][] {
  const levels = levelsOf(graphOf(scope));
  const main: number[][] = [];
  const last: number[][] = [];
  levels.forEach((level, index) => {
    const waves = scope.steps[index]?.isFinally === true ? last : main;
    (waves[level] ??= []).push(index);
  });
  return [...main, ...last.filter((wave) => wave !== undefined)];
}

/** All steps, each after everything it waits for: the waves, one after the other. */
export function topologicalOrder(scope: PlannedScope): number[] {
  return wavesOf(scope).flat();
}

/** The longest chain of steps that wait for one another, first step first; ties go to the order of the file. */
export function criticalPathOf(scope: PlannedScope): number[] {
  const graph = graphOf(scope);
  const levels = levelsOf(graph);
  const isFinally = (index: number): boolean => scope.steps[index]?.isFinally === true;
  return [...longestChain(graph, levels, (index) => !isFinally(index)), ...longestChain(graph, levels, isFinally)];
}

function longestChain(graph: Graph, levels: readonly number[], counts: (index: number) => boolean): number[] {
  let end = -1;
  levels.forEach((level, index) => {
    if (counts(index) && (end === -1 || level > (levels[end] ?? 0))) end = index;
  });
  const chain: number[] = [];
  while (end !== -1) {
    chain.push(end);
    const before = (levels[end] ?? 0) - 1;
    end = graph[end]?.find((index) => levels[index] === before && counts(index)) ?? -1;
  }
  return chain.reverse();
}

/**
 * For each position the length of the longest chain before it: 0 = waits for nothing.
 * Linear in positions and edges; a cycle here is a bug, plans have none.
 */
function levelsOf(graph: Graph): number[] {
  const { order, levels } = sort(graph);
  if (order.length !== graph.length) throw new InternalError("a plan with a cycle in its steps");
  return levels;
}

/**
 * Cycles of a graph that may have some: one for each knot of steps that wait for one another, as the shortest
 * way round from its first step in the order of the file, in the direction of waiting ("a needs b needs a").
 * Linear in positions and edges for each knot.
 */
export function cyclesOf(graph: Graph): number[][] {
  const { order } = sort(graph);
  if (order.length === graph.length) return [];
  const isSorted = new Uint8Array(graph.length);
  for (const index of order) isSorted[index] = 1;
  const knots = knotsOf(graph, (index) => isSorted[index] === 0);
  return knots.map((knot) => shortestRound(graph, knot)).sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
}

/** Kahn's algorithm. What is not in `order` is on a cycle or behind one. */
function sort(graph: Graph): { order: number[]; levels: number[] } {
  const { starts, targets } = dependantsOf(graph);
  const open = new Int32Array(graph.length);
  const levels = new Array<number>(graph.length).fill(0);
  const order: number[] = [];
  graph.forEach((needs, index) => {
    open[index] = needs.length;
    if (needs.length === 0) order.push(index);
  });
  for (let at = 0; at < order.length; at++) {
    const index = order[at] as number;
    const next = (levels[index] as number) + 1;
    for (let edge = starts[index] as number; edge < (starts[index + 1] as number); edge++) {
      const target = targets[edge] as number;
      if ((levels[target] as number) < next) levels[target] = next;
      open[target] = (open[target] as number) - 1;
      if (open[target] === 0) order.push(target);
    }
  }
  return { order, levels };
}

/** The graph turned round, in two flat arrays: dependants of `i` are `targets[starts[i] .. starts[i + 1]]`. */
function dependantsOf(graph: Graph): { starts: Int32Array; targets: Int32Array } {
  const starts = new Int32Array(graph.length + 1);
  for (const needs of graph) for (const need of needs) starts[need + 1] = (starts[need + 1] as number) + 1;
  for (let index = 0; index < graph.length; index++) {
    starts[index + 1] = (starts[index + 1] as number) + (starts[index] as number);
  }
  const targets = new Int32Array(starts[graph.length] as number);
  const fill = starts.slice();
  graph.forEach((needs, index) => {
    for (const need of needs) {
      targets[fill[need] as number] = index;
      fill[need] = (fill[need] as number) + 1;
    }
  });
  return { starts, targets };
}

/** Strongly connected parts that hold a cycle (Tarjan), without recursion: a chain may be 100,000 steps long. */
function knotsOf(graph: Graph, counts: (index: number) => boolean): number[][] {
  const found = new Int32Array(graph.length).fill(-1);
  const lowest = new Int32Array(graph.length);
  const isOpen = new Uint8Array(graph.length);
  const open: number[] = [];
  const knots: number[][] = [];
  let counter = 0;
  for (let root = 0; root < graph.length; root++) {
    if (!counts(root) || found[root] !== -1) continue;
    const path: { index: number; next: number }[] = [];
    const enter = (index: number): void => {
      found[index] = lowest[index] = counter++;
      isOpen[index] = 1;
      open.push(index);
      path.push({ index, next: 0 });
    };
    enter(root);
    for (let frame = path.at(-1); frame !== undefined; frame = path.at(-1)) {
      const { index } = frame;
      const need = graph[index]?.[frame.next++];
      if (need !== undefined) {
        if (!counts(need)) continue;
        if (found[need] === -1) enter(need);
        else if (isOpen[need] === 1) lowest[index] = Math.min(lowest[index] as number, found[need] as number);
        continue;
      }
      path.pop();
      const parent = path.at(-1)?.index;
      if (parent !== undefined) lowest[parent] = Math.min(lowest[parent] as number, lowest[index] as number);
      if (lowest[index] !== found[index]) continue;
      const knot = open.splice(open.lastIndexOf(index));
      for (const member of knot) isOpen[member] = 0;
      if (knot.length > 1 || graph[index]?.includes(index) === true) knots.push(knot);
    }
  }
  return knots;
}

/** Breadth first from the knot's first step along what it waits for, until it is met again. */
function shortestRound(graph: Graph, knot: readonly number[]): number[] {
  const start = knot.reduce((least, index) => Math.min(least, index));
  const members = new Set(knot);
  const cameFrom = new Map<number, number>();
  const queue = [start];
  for (let at = 0; at < queue.length; at++) {
    const index = queue[at] as number;
    for (const need of graph[index] ?? []) {
      if (need === start) {
        const round = [index];
        for (let back = cameFrom.get(index); back !== undefined; back = cameFrom.get(back)) round.push(back);
        return round.reverse();
      }
      if (!members.has(need) || cameFrom.has(need)) continue;
      cameFrom.set(need, index);
      queue.push(need);
    }
  }
  throw new InternalError("a knot of steps without a way round");
}
