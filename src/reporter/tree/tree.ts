import type { Colors } from "picocolors/types.js";
import type { Plan } from "../../plan/types.ts";
import { Progress } from "../../run/progress.ts";
import type { StoredEvent } from "../../run/event.ts";
import type { Clock } from "../../util/clock.ts";
import type { Reporter } from "../reporter.ts";
import { frame } from "./frame.ts";
import { Painter, type Screen } from "./painter.ts";

export interface TreeOptions {
  readonly plan: Plan;
  /** What earlier starts of the run told: a resume shows their steps as they are. */
  readonly history: Iterable<StoredEvent>;
  readonly screen: Screen;
  readonly clock: Clock;
  readonly color: Colors;
}

/** Between two frames; longer where one takes more than a tenth of it. */
const FRAME_MS = 100;

/** The largest size that is trusted: a screen that says more is none. */
const LARGEST = 500;

/** Wider lines are hard to follow with the eye. */
const WIDEST = 120;

/** A live picture of the run on a terminal; when it is over, its last state stays. */
export function createTreeReporter({ plan, history, screen, clock, color }: TreeOptions): Reporter {
  const progress = new Progress(plan);
  for (const event of history) progress.apply(event);
  const painter = new Painter(screen);
  let cancel: (() => void) | null = null;
  let isClosed = false;
  let held = 0;

  const lines = (): string[] => {
    const { width, height } = screen.size();
    return frame(progress, Math.min(width, WIDEST), Math.min(height, LARGEST) - 1, clock.now(), color);
  };
  const tick = (): void => {
    const begun = clock.monotonic();
    if (held === 0) painter.paint(lines());
    cancel = clock.after(Math.max(FRAME_MS, (clock.monotonic() - begun) * 10), tick);
  };
  return {
    onEvents(events) {
      for (const event of events) progress.apply(event);
      if (isClosed || cancel !== null) return;
      // The first frame waits for a moment: what is printed before the run stays above it.
      cancel = clock.after(FRAME_MS, tick);
    },
    hold() {
      painter.print([]);
      held += 1;
      return () => void (held -= 1);
    },
    say: (text) => painter.print(text.replace(/\n$/, "").split("\n")),
    close() {
      if (isClosed) return;
      isClosed = true;
      cancel?.();
      if (progress.startedAt !== null) painter.print(lines());
    },
  };
}
