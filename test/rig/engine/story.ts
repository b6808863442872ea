import { prepareResume } from "../../../src/engine/local/resume.ts";
import { startRun } from "../../../src/engine/local/start.ts";
import type { Surroundings } from "../../../src/engine/local/surroundings.ts";
import type { LocalRun } from "../../../src/engine/local/run.ts";
import type { RunOutcome } from "../../../src/engine/local/run-outcome.ts";
import type { Recall } from "../../../src/engine/local/recall.ts";
import { buildPlan } from "../../../src/plan/build.ts";
import type { Plan } from "../../../src/plan/types.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import type { Store } from "../../../src/store/store.ts";
import type { JsonObject } from "../../../src/util/json.ts";
import { load } from "../../golden/load.ts";
import { createFakeClock, type FakeClock } from "../clock.ts";
import { createScriptedProvider, type ScriptedAnswer, type ScriptedCall } from "../scripted-provider.ts";
import { reportOf, started, surroundings } from "./launch.ts";
import { createMortalStore, type Death } from "./mortal-store.ts";

/** One start of a run, and what became of it. */
export interface Chapter {
  readonly outcome: RunOutcome;
  /** What the model was asked: `STEP` or `STEP[2]`, with `/2` for a second attempt, in order. */
  readonly asked: readonly string[];
  readonly calls: readonly ScriptedCall[];
  readonly report: JsonObject;
  /** What was known before it started; null for a first start. */
  readonly recall: Recall | null;
  readonly around: Surroundings;
}

/** A run told in chapters: each start has its manifest (as YAML, or planned by hand), its model answers, and perhaps its death. */
export class Story {
  readonly clock: FakeClock = createFakeClock();
  readonly store: Store = createMemoryStore({ clock: this.clock });

  /** Starts the run, or resumes it, and waits for the end of this start; the script must be played to its end unless the process dies. */
  async chapter(
    manifest: string | Plan,
    script: readonly ScriptedAnswer[],
    more: {
      readonly death?: Death;
      readonly rerun?: readonly string[];
      readonly runStep?: Surroundings["handlers"]["run"];
      /** Things that happen while it runs, each so long after its start. */
      readonly meanwhile?: readonly (readonly [afterMs: number, act: (run: LocalRun) => void])[];
    } = {},
  ): Promise<Chapter> {
    const plan = typeof manifest === "string" ? planOfText(manifest) : manifest;
    const provider = createScriptedProvider(script, this.clock);
    const store = createMortalStore(this.store, more.death ?? null);
    const around = surroundings({
      store,
      clock: this.clock,
      provider,
      ...(more.runStep === undefined ? {} : { runStep: more.runStep }),
    });
    const summary = this.store.findRun("R");
    let recall: Recall | null = null;
    let run: LocalRun;
    if (summary === null)
      run = started(startRun({ runId: "R", plan, manifestPath: "workflow.yaml", inputs: {}, choice: {} }, around));
    else {
      const prepared = prepareResume(summary, plan, new Set(more.rerun ?? []), around);
      if (!prepared.ok) throw new Error(prepared.error.message);
      recall = prepared.value.preview();
      const taken = prepared.value.take();
      if (!taken.ok) throw new Error("somebody else holds the run");
      run = taken.value.go();
    }
    for (const [afterMs, act] of more.meanwhile ?? []) this.clock.after(afterMs, () => act(run));
    const outcome = await run.done;
    if (more.death === undefined && provider.problems().length > 0) throw new Error(provider.problems().join("\n"));
    const asked = provider.calls.map(({ context: { step, attempt } }) => (attempt === 1 ? step : `${step}/${attempt}`));
    return { outcome, asked, calls: provider.calls, report: reportOf(plan, this.store, "R", outcome), recall, around };
  }
}

/** The plan of a manifest in YAML; an invalid one is a mistake in the test. */
export function planOfText(text: string): Plan {
  const { document, manifest } = load(text);
  const built = buildPlan(document, manifest);
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value.plan;
}
