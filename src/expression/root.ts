/** The names that the language gives to what an expression may read; nothing else can be a root. */
export const rootNames: ReadonlySet<string> = new Set([
  "inputs",
  "steps",
  "item",
  "index",
  "items",
  "matrix",
  "previous",
  "env",
  "run",
  "event",
  "output",
  "secrets",
]);

/** What people write from habit for a root, with what it is here. */
export const foreignRoots: ReadonlyMap<string, string> = new Map([
  ["needs", "the results of other steps are `steps.NAME.output`"],
  ["jobs", "the results of other steps are `steps.NAME.output`"],
  ["step", "the results of other steps are `steps.NAME.output`"],
  ["github", "what fired a trigger is `event`"],
  ["vars", "values from outside are `inputs.NAME`"],
  ["params", "values from outside are `inputs.NAME`"],
  ["input", "values from outside are `inputs.NAME`"],
  ["loop", "inside `for_each` there are `item` and `index`"],
]);
