import type { JsonObject } from "../util/json.ts";

/** What is said of a key that has no meaning for a kind of step: why, and what to do. */
type NoMeaning = readonly [why: string, help: string];

const TAKE_OUT = "take it out";
const NO_FILES: NoMeaning = ["which touches no files itself", TAKE_OUT];
const ASKS_ANEW: NoMeaning = ["which is done anew in each run", TAKE_OUT];
const INSIDE_GROUP = "write it at the steps of the group";
const INSIDE_FILE = "write it in the file that it uses";

/** Keys about files and reuse over runs: the kinds of steps for which each has no meaning. */
const noMeaning: { readonly [key: string]: { readonly [kind: string]: NoMeaning } } = {
  // Of agents the plan knows more: whether they have tools for files.
  workspace: withoutFiles(),
  reads: withoutFiles(),
  writes: withoutFiles(),
  cache: {
    value: ["which costs nothing", TAKE_OUT],
    wait: ["which costs nothing", TAKE_OUT],
    steps: ["which does nothing itself", INSIDE_GROUP],
    uses: ["which does nothing itself", INSIDE_FILE],
    approval: ASKS_ANEW,
    send: ASKS_ANEW,
    state: ASKS_ANEW,
  },
};

function withoutFiles(): { readonly [kind: string]: NoMeaning } {
  return {
    value: NO_FILES,
    wait: NO_FILES,
    approval: NO_FILES,
    send: NO_FILES,
    state: NO_FILES,
    http: NO_FILES,
    steps: ["which touches no files itself", INSIDE_GROUP],
    uses: ["which touches no files itself", INSIDE_FILE],
  };
}

/** Reports keys about files and reuse at steps for which they have no meaning. */
export function checkFileKeys(step: JsonObject, not: (key: string, message: string, help: string) => void): void {
  for (const [key, kinds] of Object.entries(noMeaning)) {
    if (step[key] === undefined) continue;
    const kind = Object.keys(kinds).find((name) => Object.hasOwn(step, name));
    const said = kind === undefined ? undefined : kinds[kind];
    if (said !== undefined) not(key, `'${key}' has no meaning for '${kind}', ${said[0]}`, said[1]);
  }
}
