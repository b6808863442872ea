import { hasState, mayTake, openStore } from "../../compose.ts";
import { planOfRun } from "../../engine/local/read-run.ts";
import { stepPaths } from "../../plan/step-paths.ts";
import { idsOfPath } from "../../run/attempt-key.ts";
import type { Store } from "../../store/store.ts";
import { systemClock } from "../../util/clock.ts";
import { findProject } from "../../util/project.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { findRun } from "../find-run.ts";
import type { Terminal } from "../terminal.ts";

/** The sign of an agent that another one has started: `write/desk@1.1`. */
const CHILD = "@";

/** `muster steer TARGET MESSAGE`: a row in the inbox of the run, which its runner reads between turns. */
export async function run(
  terminal: Terminal,
  [target = "", text = ""]: readonly string[],
  options: { readonly state?: string },
): Promise<ExitCode> {
  if (text.trim() === "") throw new UsageError("the message is empty");
  const project = findProject(terminal.cwd, options.state ?? null);
  if (!hasState(project)) throw new UsageError(`there is no state in ${project.statePath}`);
  const store = openStore(project, { readOnly: false });
  try {
    const { runId, step } = placeOfSession(store, target) ?? placeOfAgent(store, target);
    const { lease } = findRun(store, runId);
    if (lease === null || mayTake(systemClock)(lease))
      throw new UsageError(`nobody runs ${runId} now: 'muster resume ${runId}' goes on with it`);
    store.post(runId, { at: systemClock.now(), kind: "steer", body: { step, message: text } });
    terminal.err(
      `left for ${step === null ? "the agent" : step} of ${runId}, before its next turn: 'muster logs ${runId}' tells when it is said\n`,
    );
    return exitCode.succeeded;
  } finally {
    store.close();
  }
}

/** Who is in a turn of a session; null = the name is none of a session. */
function placeOfSession(store: Store, name: string): { readonly runId: string; readonly step: string } | null {
  const named = store.sessions.list().filter(({ id, name: short }) => id === name || short === name);
  const turns = named.flatMap(({ id }) => store.sessions.waiting(id).filter(({ state }) => state === "taken"));
  const [turn, ...others] = turns;
  if (named.length === 0 || store.findRun(name) !== null) return null;
  if (turn === undefined)
    throw new UsageError(`session ${name} is in no turn: 'muster sessions send ${name} MESSAGE' has it take one`);
  if (others.length > 0)
    throw new UsageError(`session ${name} is in ${turns.length} turns: name the step, ${turns[0]?.sender.runId}/STEP`);
  const { sender, from } = turn;
  return { runId: sender.runId, step: from.slice(sender.runId.length + 1) };
}

/** `RUN`, or `RUN/STEP`. */
function placeOfAgent(store: Store, target: string): { readonly runId: string; readonly step: string | null } {
  const sign = target.indexOf("/");
  const { runId } = findRun(store, sign < 0 ? target : target.slice(0, sign));
  const step = sign < 0 ? null : target.slice(sign + 1);
  const plan = planOfRun(store, runId);
  if (step !== null && !step.includes(CHILD) && (plan === null || !stepPaths(plan).includes(idsOfPath(step))))
    throw new UsageError(`run ${runId} has no step '${step}'`);
  return { runId, step };
}
