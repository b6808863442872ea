import { labelOf } from "../../run/attempt-key.ts";
import { hasState, openStore } from "../../compose.ts";
import { readValue } from "../../engine/local/stored-value.ts";
import { deadLetterId, deadLetterJson, type KeptLetter } from "../../run/dead-letter.ts";
import type { Store } from "../../store/store.ts";
import type { JsonObject } from "../../util/json.ts";
import { findProject } from "../../util/project.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { findLetter } from "../find-letter.ts";
import { retriedLetters, type Retried } from "../retried-letter.ts";
import { findRun, openForReading } from "../find-run.ts";
import type { Terminal } from "../terminal.ts";
import { letterLines, letterPage } from "../view/dead-letter.ts";

export interface DeadLetterOptions {
  readonly json?: boolean;
  readonly state?: string;
  /** `list`: those that were dropped, too. */
  readonly all?: boolean;
}

const NONE = "no dead letters: nothing failed for good\n";

/** `muster dead-letters list [RUN]` */
export async function list(
  terminal: Terminal,
  [run]: readonly string[],
  options: DeadLetterOptions,
): Promise<ExitCode> {
  const project = findProject(terminal.cwd, options.state ?? null);
  if (!hasState(project) && run === undefined) {
    if (options.json === true) terminal.out("[]\n");
    else terminal.err(NONE);
    return exitCode.succeeded;
  }
  const store = openForReading(project);
  try {
    const runId = run === undefined ? undefined : findRun(store, run).runId;
    const letters = store.listDeadLetters(runId).filter(({ isDropped }) => options.all === true || !isDropped);
    const retried = retriedLetters(store);
    if (options.json === true) {
      const workflows = new Map<string, string>();
      terminal.out(
        `${JSON.stringify(
          letters.map((letter) => letterJson(store, letter, retried(letter), workflows)),
          null,
          2,
        )}\n`,
      );
    } else if (letters.length === 0) terminal.err(NONE);
    else terminal.out(letterLines(letters, retried, terminal.outColor));
    return exitCode.succeeded;
  } finally {
    store.close();
  }
}

/** `muster dead-letters show LETTER` */
export async function show(
  terminal: Terminal,
  [name = ""]: readonly string[],
  options: DeadLetterOptions,
): Promise<ExitCode> {
  const store = openForReading(findProject(terminal.cwd, options.state ?? null));
  try {
    const letter = findLetter(store, name);
    const retried = retriedLetters(store)(letter);
    if (options.json === true)
      terminal.out(`${JSON.stringify(letterJson(store, letter, retried, new Map()), null, 2)}\n`);
    else {
      const inputs = letter.inputs === null ? null : readValue(store, letter.inputs);
      const workflow = store.findRun(letter.runId)?.workflow ?? "";
      terminal.out(letterPage(letter, retried, workflow, inputs, terminal.outColor));
    }
    return exitCode.succeeded;
  } finally {
    store.close();
  }
}

/** `muster dead-letters drop LETTER...`: all of them, or none when one is not there. */
export async function drop(
  terminal: Terminal,
  names: readonly string[],
  options: DeadLetterOptions,
): Promise<ExitCode> {
  const project = findProject(terminal.cwd, options.state ?? null);
  if (!hasState(project)) throw new UsageError(`there is no state in ${project.statePath}`);
  const store = openStore(project, { readOnly: false });
  try {
    const letters = names.map((name) => findLetter(store, name));
    for (const letter of letters) {
      store.dropDeadLetter(letter.runId, letter.key);
      terminal.err(`dropped ${deadLetterId(letter)}, ${labelOf(letter)} of run ${letter.runId}\n`);
    }
    if (options.json === true) terminal.out(`${JSON.stringify({ version: 1, dropped: letters.map(deadLetterId) })}\n`);
    return exitCode.succeeded;
  } finally {
    store.close();
  }
}

function letterJson(
  store: Store,
  letter: KeptLetter,
  retried: Retried | null,
  workflows: Map<string, string>,
): JsonObject {
  const { runId } = letter;
  if (!workflows.has(runId)) workflows.set(runId, store.findRun(runId)?.workflow ?? "");
  return { ...deadLetterJson(letter, workflows.get(runId) ?? null, (ref) => readValue(store, ref)), retry: retried };
}
