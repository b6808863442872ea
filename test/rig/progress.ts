import { compile } from "../../src/plan/compile.ts";
import type { Plan } from "../../src/plan/types.ts";
import type { StoredEvent } from "../../src/run/event.ts";
import { Progress } from "../../src/run/progress.ts";

/** The start of every told run: 2026-01-01T00:00:00Z. */
export const START = Date.UTC(2026, 0, 1);

type Told = Omit<StoredEvent, "seq" | "at" | "type">;

/** The plan of a workflow whose steps are given as YAML, indented by two. */
export function planOf(steps: string): Plan {
  const compiled = compile({
    path: "w.yaml",
    text: `muster: 1\nname: w\nagents:\n  a: { model: anthropic/claude-haiku-5-5 }\nsteps:\n${steps}`,
  });
  if (!compiled.ok || compiled.value.plan === null) throw new Error(JSON.stringify(compiled));
  return compiled.value.plan;
}

/** Tells a run by hand, as the engine would. */
export class Teller {
  readonly progress: Progress;
  readonly events: StoredEvent[] = [];

  constructor(plan: Plan) {
    this.progress = new Progress(plan);
  }

  /** An event so many milliseconds after the start. */
  tell(afterMs: number, type: StoredEvent["type"], more: Told = {}): this {
    const event = { seq: this.events.length + 1, at: START + afterMs, type, ...more };
    this.events.push(event);
    this.progress.apply(event);
    return this;
  }

  /** A step that starts and succeeds. */
  done(step: string, fromMs: number, toMs: number, data: Told["data"] = {}): this {
    return this.tell(fromMs, "step.started", { step }).tell(toMs, "step.succeeded", {
      step,
      data: { duration_ms: toMs - fromMs, ...data },
    });
  }
}
