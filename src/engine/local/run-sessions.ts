import type { Message } from "../../provider/provider.ts";
import type { Plan } from "../../plan/types.ts";
import type { MayTake, SessionDraft, Taken, Turn } from "../../store/session.ts";
import type { Lease, Store } from "../../store/store.ts";
import type { Clock } from "../../util/clock.ts";
import { InternalError } from "../../util/internal-error.ts";
import type { Json } from "../../util/json.ts";
import { sleep } from "../../util/sleep.ts";
import type { SessionAccess } from "../session/access.ts";
import type { CoreOptions } from "./core-options.ts";

/** How often a mailbox is looked into whose turns may be those of another process. */
const LOOK_MS = 250;

export interface RunSessionOptions extends Pick<CoreOptions, "keep" | "read"> {
  readonly store: Store;
  readonly lease: Lease;
  readonly plan: Plan;
  readonly clock: Clock;
  readonly mayTake: MayTake;
  /** Nobody else sees them: each is one of the run. */
  readonly isCopy: boolean;
  /** Runs what may throw as the run's own work; false when the run is over. */
  readonly guard: (work: () => void) => boolean;
}

/** The sessions that the attempts of a run send to. */
export function runSessions(options: RunSessionOptions): SessionAccess {
  const { store, lease, clock, mayTake, keep, read, guard } = options;
  const { sessions } = store;
  let wakers: (() => void)[] = [];
  const wake = (): void => {
    const all = wakers;
    wakers = [];
    for (const each of all) each();
  };
  const guarded = <Value>(work: () => Value): Value | null => {
    let value: Value | null = null;
    return guard(() => (value = work())) ? value : null;
  };
  return {
    draft: (name) => guarded(() => draftOf(name, options)),
    own: (name, agent) => guarded(() => ownDraft(name, agent, options)),
    put: (session, { text, ...message }) =>
      guarded(() => sessions.put(lease, session, { ...message, text: keep(text) })),
    take: (id) => guarded((): Taken => sessions.take(lease, id, mayTake)),
    answer: (id, { said, reply, ...spend }) =>
      guarded((): { readonly turn: Turn | null } => {
        const kept = { ...spend, said: keep(said as unknown as Json), reply: keep(reply) };
        const turn = sessions.answer(lease, id, kept);
        wake();
        return { turn };
      }),
    withdraw(id) {
      guard(() => sessions.withdraw(lease, id));
      wake();
    },
    turns: (session, member, since, base) =>
      guarded(() =>
        sessions.turns(session, member, { after: since, upTo: base }).map((turn) => ({
          text: read(turn.text),
          said: read(turn.said) as unknown as readonly Message[],
          reply: read(turn.reply),
        })),
      ),
    reply: (turn) => guarded(() => ({ value: read(turn.reply) })),
    async changed(signal) {
      const woken = new Promise<void>((resolve) => wakers.push(resolve));
      await Promise.race([woken, sleep(clock, LOOK_MS, signal)]);
    },
  };
}

/** A session that an agent has started. */
function ownDraft(name: string, agent: string, { plan, lease, store }: RunSessionOptions): SessionDraft {
  const { runId } = lease;
  const manifestPath = store.findRun(runId)?.manifestPath ?? "";
  const place = { id: `${runId}/${name}`, name, workflow: plan.workflow.name, manifestPath, runId };
  return { ...place, agent, scope: "run", pool: 1, idleMs: null };
}

/** The session of a plan as the store knows it. */
function draftOf(name: string, { plan, lease, store, isCopy }: RunSessionOptions): SessionDraft {
  const planned = plan.sessions?.[name];
  const run = store.findRun(lease.runId);
  if (planned === undefined || run === null) throw new InternalError(`the plan has no session '${name}'`);
  const short = name.slice(name.lastIndexOf("#") + 1);
  const isOfRun = planned.scope === "run" || isCopy;
  const { existing } = planned;
  const own = { id: `${lease.runId}/${name}`, runId: lease.runId };
  const place = isCopy
    ? own
    : (existing ?? (isOfRun ? own : { id: `project/${planned.workflow}/${short}`, runId: null }));
  return {
    ...place,
    name: short,
    workflow: planned.workflow,
    manifestPath: run.manifestPath,
    agent: planned.agent,
    scope: isOfRun ? "run" : "project",
    pool: planned.pool,
    idleMs: planned.idleMs,
  };
}
