/** A mistake that somebody could make in src/run/scheduler: `find` stands once in `file`, `replace` is the mistake. */
export interface PlantedBug {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "a retry too many",
    file: "unit.ts",
    find: "attempt < retry.maxAttempts",
    replace: "attempt <= retry.maxAttempts",
  },
  {
    name: "a blocked attempt keeps its slot",
    file: "unit.ts",
    find: 'freeSlot(m, unit);\n  unit.phase = "blocked";',
    replace: 'unit.phase = "blocked";',
  },
  {
    name: "what stands twice in the queue starts twice",
    file: "pump.ts",
    find: 'unit?.phase !== "ready"',
    replace: "unit === undefined",
  },
  {
    name: "one slot more than there are",
    file: "pump.ts",
    find: "while (state.heldSlots < m.graph.slots)",
    replace: "while (state.heldSlots <= m.graph.slots)",
  },
  {
    name: "max_parallel is ignored",
    file: "pump.ts",
    find: "m.node(scope, address.step).fan?.maxParallel ?? m.graph.slots",
    replace: "m.graph.slots",
  },
  {
    name: "new steps go ahead of what was begun",
    file: "pump.ts",
    find: "!startOne(m, state.inner) && !startOne(m, state.ready)",
    replace: "!startOne(m, state.ready) && !startOne(m, state.inner)",
  },
  {
    name: "dispatch goes on after an interrupt",
    file: "pump.ts",
    find: "state.interrupted || ",
    replace: "",
  },
  {
    name: "at_least asks for one less",
    file: "join.ts",
    find: "return join.count;",
    replace: "return join.count - 1;",
  },
  {
    name: "fail_fast never fires",
    file: "join.ts",
    find: "step.items - step.failed - step.cancelled;",
    replace: "step.items - step.cancelled;",
  },
  {
    name: "the last success wins, not the first",
    file: "join.ts",
    find: "step.winner ??= unit.item;",
    replace: "step.winner = unit.item;",
  },
  {
    name: "the run breaker counts failures that are not in a row",
    file: "join.ts",
    find: "    m.state.failuresInARow = 0;\n",
    replace: "",
  },
  {
    name: "every end of an item looks at all the others",
    file: "join.ts",
    find: "  step.inFlight -= 1;\n",
    replace: "  step.inFlight -= 1;\n  for (const id of m.state.units.keys()) m.state.units.get(id);\n",
  },
  {
    name: "a gate opens one success early",
    file: "gate.ts",
    find: ">= group.required",
    replace: ">= group.required - 1",
  },
  {
    name: "a skip after a failure upstream is called the step's own",
    file: "gate.ts",
    find: 'step.needFailed ? "upstream" : "condition"',
    replace: '"condition"',
  },
  {
    name: "`finally` does not wait for the body",
    file: "gate.ts",
    find: "node.isFinally ? scope.openMain > 0 : scope.cancelling",
    replace: "!node.isFinally && scope.cancelling",
  },
  {
    name: "failure() in `finally` depends on the order in which its steps fail",
    file: "gate.ts",
    find: "scope.bodyFailed || step.needFailed",
    replace: "scope.failed || step.needFailed",
  },
  {
    name: "a failure is not handed on over a skipped step",
    file: "scope.ts",
    find: ' || end.cause === "upstream"',
    replace: "",
  },
  {
    name: "dependants do not see that a failure was caught",
    file: "scope.ts",
    find: 'const isOk = end.status === "succeeded" || caught;',
    replace: 'const isOk = end.status === "succeeded";',
  },
  {
    name: "lack of budget is caught",
    file: "scope.ts",
    find: ' && end.class !== "budget"',
    replace: "",
  },
  {
    name: "an answer of an earlier attempt is taken for one of the present attempt",
    file: "machine.ts",
    find: "unit !== undefined && unit.serial === event.serial ? unit : undefined",
    replace: "unit",
  },
  {
    name: "a lost attempt uses up a try",
    file: "unit.ts",
    find: "  unit.lost += 1;\n",
    replace: "  unit.lost += 1;\n  unit.attempt += 1;\n",
  },
  {
    name: "an attempt is lost once less often",
    file: "unit.ts",
    find: "unit.lost > MAX_LOST",
    replace: "unit.lost >= MAX_LOST",
  },
  {
    name: "a new round goes on at the stage of the last one",
    file: "unit.ts",
    find: "    unit.stage = 0;\n",
    replace: "",
  },
  {
    name: "a fallback inherits the tries that were used up",
    file: "unit.ts",
    find: "  unit.stage += 1;\n  unit.attempt = 1;\n",
    replace: "  unit.stage += 1;\n",
  },
  {
    name: "a round too many",
    file: "unit.ts",
    find: "unit.iteration < node.repeat.max",
    replace: "unit.iteration <= node.repeat.max",
  },
  {
    name: "a stopped attempt is retried",
    file: "unit.ts",
    find: 'if (unit.cancelling) endCancelled(m, unit, step);\n  else if (outcome.kind === "lost")',
    replace: 'if (outcome.kind === "lost")',
  },
  {
    name: "a fallback follows lack of budget",
    file: "unit.ts",
    find: 'new Set(["cancelled", "budget", "internal"])',
    replace: 'new Set(["cancelled", "internal"])',
  },
  {
    name: "a stopped group does not stop what is inside",
    file: "unit.ts",
    find: 'if (child !== undefined) m.stops.push({ kind: "scope-stopped", scope: child });',
    replace: "",
  },
  {
    name: "an answer is dropped that comes before its attempt may go on",
    file: "unit.ts",
    find: ' || unit.phase === "inside" || unit.continues;',
    replace: ' || unit.phase === "inside";',
  },
  {
    name: "jitter is a throw of the dice",
    file: "backoff.ts",
    find: "0.2 * fraction(key)",
    replace: "0.2 * Math.random()",
  },
];
