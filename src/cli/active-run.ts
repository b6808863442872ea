import { planOfRun } from "../engine/local/read-run.ts";
import { Progress, type StepProgress } from "../run/progress.ts";
import type { Message } from "../store/session.ts";
import type { LeaseOwner, RunStatus, RunSummary, Store } from "../store/store.ts";
import { standing } from "./standing.ts";

/** A run that is not over, as another process sees it. */
export interface ActiveRun {
  readonly summary: RunSummary;
  readonly status: RunStatus;
  /** Who runs it; null while it waits for nobody's process. */
  readonly owner: LeaseOwner | null;
  /** null when its runner stopped before anything began. */
  readonly progress: Progress | null;
  /** The sessions that it sends to. */
  readonly sessions: readonly ActiveSession[];
}

/** A message of a run to a session that is not answered yet. */
export interface ActiveSession {
  readonly id: string;
  /** For people: `research`, `research[2]`. */
  readonly step: string;
  readonly state: "queued" | "taken";
  /** The conversation that it is in, from 1; null while it waits. */
  readonly member: number | null;
}

/** Follows the runs that somebody runs, and those that wait; reads only what is new since the last look. */
export class ActiveRuns {
  readonly #store: Store;
  readonly #known = new Map<string, { readonly progress: Progress; epoch: number; seq: number }>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** All of them now, the newest first. */
  look(): readonly ActiveRun[] {
    const active = this.#store
      .listRuns({ status: ["running", "waiting"] })
      .map((summary) => ({ summary, status: standing(summary) }));
    const open = this.#store.sessions.list().flatMap(({ id }) => this.#store.sessions.waiting(id));
    return active
      .filter(({ status }) => status !== "interrupted")
      .map(({ summary, status }) => ({
        summary,
        status,
        owner: summary.lease,
        progress: this.#progressOf(summary),
        sessions: open.filter(({ sender }) => sender.runId === summary.runId).map(activeSession),
      }));
  }

  #progressOf({ runId, epoch }: RunSummary): Progress | null {
    let known = this.#known.get(runId);
    // A resume may have come with another plan.
    if (known === undefined || known.epoch !== epoch) {
      const plan = planOfRun(this.#store, runId);
      if (plan === null) return null;
      known = { progress: new Progress(plan), epoch, seq: 0 };
      this.#known.set(runId, known);
    }
    for (const event of this.#store.readEvents(runId, { after: known.seq })) {
      known.progress.apply(event);
      known.seq = event.seq;
    }
    return known.progress;
  }
}

function activeSession({ session, from, sender, state, member }: Message): ActiveSession {
  const isTaken = state === "taken";
  return {
    id: session,
    step: from.slice(sender.runId.length + 1),
    state: isTaken ? "taken" : "queued",
    member: isTaken ? member : null,
  };
}

/** What is being done right now. */
export function isInFlight({ phase }: StepProgress): boolean {
  return phase === "running" || phase === "retrying" || phase === "waiting";
}
