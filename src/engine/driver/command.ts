import type { CallContext, ModelEvent, ModelRequest, Provider } from "../../provider/provider.ts";
import { unknownUsage } from "../../util/usage.ts";
import { DEFAULT_OUTPUT_LIMIT_BYTES, runProcess } from "../process/run-process.ts";
import { exitFailure } from "./exit.ts";
import { once } from "./once.ts";
import { environmentOf, type Program, type ProgramAttempt, type ProgramSurroundings } from "./program.ts";
import { promptOf } from "./prompt.ts";

/** From SIGTERM to SIGKILL when the program is stopped. */
const KILL_GRACE_MS = 2_000;
/** How much of what a program printed stays on the record of its failure (characters, the last ones). */
const RECORDED_TAIL = 16 * 1024;

/**
 * A program as somebody who answers: each call starts it anew, what it prints is the reply. It keeps no conversation,
 * so the repair turn tells it its own answer. It never says what it used.
 */
export function createCommandProvider(
  program: Program & { readonly readsPrompt: boolean },
  attempt: ProgramAttempt,
  surroundings: ProgramSurroundings,
): Provider {
  return {
    name: "command",
    origin: "live",
    call: (request, context) => once(answer(request, context)),
  };

  async function answer(request: ModelRequest, { signal, unit, sent }: CallContext): Promise<ModelEvent> {
    const prompt = promptOf(request);
    const argv = program.argv(prompt);
    if (!argv.ok) return { type: "failed", failure: argv.error, usage: null };
    sent?.();
    const result = await runProcess(
      {
        command: { argv: argv.value },
        cwd: attempt.folder ?? surroundings.workspace,
        env: environmentOf(program, attempt, unit, surroundings),
        stdin: program.readsPrompt ? prompt : null,
        outputLimitBytes: DEFAULT_OUTPUT_LIMIT_BYTES,
      },
      { signal, killGraceMs: KILL_GRACE_MS },
    );
    const problem = exitFailure(attempt.label, result);
    if (problem !== null) {
      const partial = [result.stdout, result.stderr].filter((text) => text !== "").join("\n");
      return { type: "failed", failure: { ...problem, partial: tail(partial) || null }, usage: null };
    }
    const text = result.stdout.replace(/[\r\n]+$/, "");
    return { type: "done", reply: { text, stopReason: "end", model: request.model, usage: unknownUsage } };
  }
}

function tail(text: string): string {
  return text.length <= RECORDED_TAIL ? text : `…${text.slice(-RECORDED_TAIL)}`;
}
