import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startFakeAnthropic } from "../fake-anthropic/fake-anthropic.ts";
import type { MusterProcess } from "../muster/muster-process.ts";
import { Project } from "../muster/project.ts";
import { timeless } from "../muster/timeless.ts";
import { answerOf, CALLS, CHILD, identityOf, KILLED, markOf, recordOf, type Identity } from "./killed-run.ts";
import { randomOf } from "./share.ts";

/** What a kill hit. One kill can hit several: one call in flight, another answered and not yet on the record. */
export type Phase = "start" | "in flight" | "reply before commit" | "during commit" | "waiting" | "end" | "between";

export interface KillStory {
  readonly seed: number;
  /** What each kill hit. */
  readonly phases: readonly (readonly Phase[])[];
  /** Rules that were broken; empty = nothing was lost and nothing was done twice. */
  readonly problems: readonly string[];
  /** The report at the end, without times. */
  readonly report: unknown;
}

/** How a kill comes about: at a moment, while a call is under way, after it was answered, or in a commit. */
type Blow =
  | { readonly kind: "after"; readonly ms: number }
  | { readonly kind: "call" | "answer"; readonly number: number }
  | { readonly kind: "commit"; readonly number: number; readonly when: "before" | "inside" | "after" }
  | { readonly kind: "finish" };

function blowOf(random: () => number): Blow {
  const upTo = (most: number): number => 1 + Math.floor(random() * most);
  const kind = random();
  if (kind < 0.1) return { kind: "after", ms: upTo(250) };
  if (kind < 0.35) return { kind: "call", number: upTo(CALLS) };
  if (kind < 0.55) return { kind: "answer", number: upTo(CALLS) };
  if (kind < 0.9) {
    const when = (["before", "inside", "inside", "after"] as const)[upTo(4) - 1] ?? "inside";
    return { kind: "commit", number: upTo(36), when };
  }
  return { kind: "finish" };
}

/** How the event of the last end begins, which is no wait. */
const END = '"type":"run.finished","status":"succeeded"';

/** Runs the workflow to its end through up to three kills and keeps exact accounts of what the model server heard. */
export async function killStory(script: string, seed: number): Promise<KillStory> {
  const random = randomOf(seed);
  const fake = await startFakeAnthropic();
  const project = new Project(script, fake.url);
  const problems: string[] = [];
  const phases: Phase[][] = [];
  /** What each request of this start asked, and whether it was answered. */
  let asked: { readonly identity: Identity; isAnswered: boolean }[] = [];
  /** Told of each request, before and after its answer; true = it is not answered any more. */
  let onCall: (which: "call" | "answer", number: number) => boolean = () => false;
  const onRecord = new Set<Identity>();

  fake.on(/./, (request) => {
    const identity = identityOf(request, project);
    const entry = { identity, isAnswered: false };
    if (onRecord.has(identity)) problems.push(`'${identity}' was asked again, and was on the record`);
    asked.push(entry);
    if (onCall("call", asked.length)) return { kind: "hang" };
    entry.isAnswered = true;
    onCall("answer", asked.length);
    return answerOf(identity);
  });

  /** What is on the record of all that was ever asked. Nothing may go missing from it. */
  const identities = new Set<Identity>();
  const look = (): void => {
    for (const { identity } of asked) identities.add(identity);
    const record = recordOf(project);
    for (const identity of identities) {
      if (record.includes(markOf(identity))) onRecord.add(identity);
      else if (onRecord.has(identity)) problems.push(`'${identity}' was on the record and is lost`);
    }
  };

  const statusOf = (): string | null =>
    project.has(".muster/state.db") ? project.inStore((store) => store.listRuns()[0]?.status ?? null) : null;

  /** Starts a command and kills it; null when it came to its end before. */
  const kill = async (args: readonly string[], blow: Blow): Promise<Phase[] | null> => {
    asked = [];
    let child: MusterProcess | null = null;
    onCall = (which, number) => {
      if (blow.kind !== which || number !== blow.number) return false;
      child?.signal("SIGKILL");
      return true;
    };
    const preload = join(import.meta.dirname, "../muster/crash-at-commit.ts");
    const env =
      blow.kind === "commit"
        ? {
            NODE_OPTIONS: `--disable-warning=ExperimentalWarning --experimental-strip-types --import ${preload}`,
            CRASH_AT: String(blow.number),
            CRASH_WHEN: blow.when,
          }
        : {};
    child = project.start([...args, "--json"], env);
    if (blow.kind === "after") void pause(blow.ms).then(() => child?.signal("SIGKILL"));
    if (blow.kind === "finish")
      void child.shows(END).then(
        () => child?.signal("SIGKILL"),
        () => undefined,
      );
    const ending = await child.ended;
    onCall = () => false;
    if (ending.signal !== "SIGKILL") {
      look();
      expectPaid(ending.code === 0 ? 1 : null);
      if (ending.code === 4) await project.muster("approve", "r", "ok", "--as", "ann");
      // It ended because it waits for a person: the end that is meant comes later.
      if (ending.code === 4 && blow.kind === "finish") return kill(["resume", "r"], blow);
      return ending.code === 0 ? null : [];
    }
    const before = new Set(onRecord);
    look();
    expectPaid(null);
    const status = statusOf();
    if (status === null) return ["start"];
    if (status !== "running") return [status === "waiting" ? "waiting" : "end"];
    const hit: Phase[] = blow.kind === "commit" && blow.when === "inside" ? ["during commit"] : [];
    if (asked.some(({ isAnswered }) => !isAnswered)) hit.push("in flight");
    if (asked.some(({ identity, isAnswered }) => isAnswered && !onRecord.has(identity) && !before.has(identity)))
      hit.push("reply before commit");
    if (hit.length === 0 && asked.length === 0) return ["start"];
    return hit.length === 0 ? ["between"] : hit;
  };

  /** The effect that must not be done twice. */
  const expectPaid = (exactly: 1 | null): void => {
    const times = project.has("paid.txt") ? project.read("paid.txt").split("paid").length - 1 : 0;
    if (times > 1 || (exactly === 1 && times !== 1)) problems.push(`paid ${times} times`);
  };

  try {
    project.write("flow.yaml", KILLED);
    project.write("child.yaml", CHILD);
    const kills = 1 + Math.floor(random() * 3);
    let args = ["run", "flow.yaml", "--run-id", "r"];
    let isOver = false;
    for (let n = 0; n < kills && !isOver; n += 1) {
      const hit = await kill(args, blowOf(random));
      if (hit === null) isOver = true;
      else if (hit.length > 0) phases.push(hit);
      if (statusOf() !== null) args = ["resume", "r"];
    }
    asked = [];
    const rounds = await toTheEnd(project, args);
    look();
    if (rounds !== null) problems.push(rounds);
    expectPaid(rounds === null ? 1 : null);
    const missing = [...identities].filter((identity) => !onRecord.has(identity));
    if (rounds === null && missing.length > 0) problems.push(`not on the record at the end: ${missing.join(", ")}`);
    if (rounds === null && onRecord.size !== CALLS)
      problems.push(`${onRecord.size} calls are on the record, not ${CALLS}`);
    for (const refusal of fake.refusals) problems.push(`the model server refused: ${refusal.message}`);
    return { seed, phases, problems, report: rounds === null ? reportOf(project) : null };
  } finally {
    await project.close();
    await fake.close();
  }
}

/** Resumes until the run succeeded; an effect whose outcome is unknown is looked at, and done by a person's word. */
async function toTheEnd(project: Project, first: readonly string[]): Promise<string | null> {
  let args = first;
  for (let tries = 1; ; tries += 1) {
    const ending = await project.muster(...args, "--report", "report.json");
    if (ending.code === 0) return null;
    if (ending.code === 4 && tries <= 5) {
      await project.muster("approve", "r", "ok", "--as", "ann");
      args = ["resume", "r"];
      continue;
    }
    if (!project.has("report.json")) return `exit code ${String(ending.code)}: ${ending.stderr}`;
    const codes = Object.values(project.report().steps).flatMap(({ error }) => (error === null ? [] : [error.code]));
    if (tries > 5 || !codes.includes("outcome_unknown")) return `exit code ${String(ending.code)}: ${ending.stderr}`;
    // The person sees whether it was done, and undoes it, so that once is once.
    project.write("paid.txt", "");
    args = ["resume", "r", "--rerun", "pay"];
  }
}

/** A succeeded run's report, without what differs between a run with and without kills: times, reuse, tries. */
function reportOf(project: Project): unknown {
  return timeless(project.report());
}
