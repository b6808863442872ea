import type { Colors } from "picocolors/types.js";
import { Painter } from "../../compose/picture.ts";
import { systemClock } from "../../util/clock.ts";
import { findProject } from "../../util/project.ts";
import { ActiveRuns } from "../active-run.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { openForReading } from "../find-run.ts";
import type { Terminal } from "../terminal.ts";
import { activeRunJson, activeRunLines } from "../view/active-run.ts";

export interface PsOptions {
  readonly watch?: boolean;
  readonly json?: boolean;
  readonly state?: string;
}

/** Between two looks. */
const LOOK_MS = 500;

/** Where there is no terminal to ask. */
const USUAL_WIDTH = 100;

const NOTHING = "nothing runs now: 'muster runs' lists what did";

/** `muster ps`: what runs now, by this or any other process; `--watch` goes on until a signal ends it. */
export async function run(terminal: Terminal, _args: readonly string[], options: PsOptions): Promise<ExitCode> {
  const store = openForReading(findProject(terminal.cwd, options.state ?? null));
  try {
    const runs = new ActiveRuns(store);
    const show = shower(terminal, options);
    show(runs);
    while (options.watch === true) {
      await new Promise<void>((resolve) => systemClock.after(LOOK_MS, resolve));
      show(runs);
    }
    return exitCode.succeeded;
  } finally {
    store.close();
  }
}

/** How a look is shown: one document, a picture that is painted over, or text. */
function shower(terminal: Terminal, { watch = false, json = false }: PsOptions): (runs: ActiveRuns) => void {
  const { screen } = terminal;
  const now = (): number => systemClock.now();
  // A stream has one document a line.
  if (json)
    return (runs) =>
      terminal.out(
        `${JSON.stringify(
          runs.look().map((one) => activeRunJson(one, now())),
          null,
          watch ? 0 : 2,
        )}\n`,
      );
  const linesOf = (runs: ActiveRuns, width: number, color: Colors): string[] =>
    runs.look().flatMap((one, index) => [...(index === 0 ? [] : [""]), ...activeRunLines(one, width, now(), color)]);
  if (watch && screen !== null) {
    const painter = new Painter(screen);
    return (runs) => {
      const { width, height } = screen.size();
      const lines = linesOf(runs, width, terminal.color);
      painter.paint(lines.length === 0 ? [NOTHING.slice(0, width - 1)] : lines.slice(0, height - 1));
    };
  }
  return (runs) => {
    const lines = linesOf(runs, screen?.size().width ?? USUAL_WIDTH, terminal.outColor);
    if (lines.length === 0) terminal.err(`${NOTHING}\n`);
    else terminal.out(`${lines.join("\n")}\n${watch ? "\n" : ""}`);
  };
}
