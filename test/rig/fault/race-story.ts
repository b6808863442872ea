import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { startFakeAnthropic } from "../fake-anthropic/fake-anthropic.ts";
import type { Ending, MusterProcess } from "../muster/muster-process.ts";
import { Project } from "../muster/project.ts";
import { sha256 } from "../../../src/util/digest.ts";
import { randomOf } from "./share.ts";

/** What the first runner does while the second one comes. */
export type RaceKind = "stopped" | "awake" | "alone";

export interface RaceStory {
  readonly seed: number;
  readonly kind: RaceKind;
  /** Whether the second runner took the run over. */
  readonly isTakenOver: boolean;
  readonly problems: readonly string[];
}

const FLOW = `
muster: 1
name: raced
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
limits: { concurrency: 2 }
steps:
  count: { state: { increment: runs } }
  map: { needs: [count], for_each: [ant, bee, cat, dog], agent: writer, task: "Map {{ item }}." }
  edit: { agent: writer, task: "Edit {{ json steps.map.output }}." }
  last: { agent: writer, task: "Last {{ steps.edit.output }}." }
outputs: { text: "\${{ steps.last.output }}" }
`;
const markOf = (asked: string): string => `mark-${sha256(asked).slice(0, 12)}`;

/** Longer than a lease lives without a sign of life. */
const LATER_MS = 60_000;

/** Tells whose request is whose. */
const SECOND_KEY = "sk-ant-test-second-6789abcdef";

/**
 * One runner is at work; another one comes, for whom the lease of the first has run out. The first is stopped by SIGSTOP
 * and wakes while or after the second works, or is awake all the time; or the clocks agree, and the second is refused.
 */
export async function raceStory(script: string, seed: number): Promise<RaceStory> {
  const random = randomOf(seed);
  const among = (most: number): number => 1 + Math.floor(random() * most);
  const kind: RaceKind = random() < 0.6 ? "stopped" : random() < 0.7 ? "awake" : "alone";
  const [meetAt, wakeAt] = [among(5), random() < 0.3 ? Infinity : among(3)];
  const fake = await startFakeAnthropic();
  const project = new Project(script, fake.url);
  const problems: string[] = [];
  const asked: { readonly text: string; readonly isOfSecond: boolean }[] = [];
  let first: MusterProcess | null = null;
  let second: MusterProcess | null = null;
  let onRecord = "";
  let meet: () => void = () => {};
  const met = new Promise<void>((resolve) => (meet = resolve));
  let secondAsks: () => void = () => {};
  const secondAsked = new Promise<void>((resolve) => (secondAsks = resolve));

  const facts = (): string => project.inStore((store) => JSON.stringify([...store.readFacts("r")]));
  const all = (): unknown =>
    project.inStore((store) => [store.findRun("r"), [...store.readFacts("r")], [...store.readEvents("r")]]);
  fake.on(/./, (request) => {
    const text = request.text.trim();
    const isOfSecond = request.headers["x-api-key"] === SECOND_KEY;
    asked.push({ text, isOfSecond });
    if (second === null && asked.length === meetAt) {
      if (kind === "stopped") first?.signal("SIGSTOP");
      onRecord = facts();
      const preload = join(import.meta.dirname, "later-clock.ts");
      const env =
        kind === "alone"
          ? {}
          : {
              ANTHROPIC_API_KEY: SECOND_KEY,
              NODE_OPTIONS: `--disable-warning=ExperimentalWarning --experimental-strip-types --import ${preload}`,
              LATER_MS: String(LATER_MS),
            };
      const came = project.start(["resume", "r", "--format", "json"], env);
      second = came;
      meet();
      // Who is awake has its answer when the other one is at work, or was refused.
      if (kind !== "stopped") return Promise.race([secondAsked, came.ended]).then(() => markOf(text));
      return markOf(text);
    }
    if (!isOfSecond) return markOf(text);
    secondAsks();
    if (asked.filter((ask) => ask.isOfSecond).length === wakeAt) first?.signal("SIGCONT");
    return markOf(text);
  });

  try {
    project.write("flow.yaml", FLOW);
    first = project.start(["run", "flow.yaml", "--run-id", "r", "--format", "json"]);
    await Promise.race([met, first.ended]);
    const other = second as MusterProcess | null;
    if (other === null) return { seed, kind, isTakenOver: false, problems: ["the runners never met"] };
    const secondEnd = await other.ended;
    const before = kind === "stopped" && wakeAt === Infinity ? all() : null;
    first.signal("SIGCONT");
    const firstEnd = await first.ended;

    // Stopped in the middle of a write it holds the file: nobody else can write until it wakes.
    const isLocked = kind === "stopped" && secondEnd.code === 1 && secondEnd.stderr.includes("database is locked");
    const isTakenOver = secondEnd.code !== 2 && !isLocked;
    if (isTakenOver && before !== null && !isDeepStrictEqual(all(), before))
      problems.push("the woken runner has changed the state");
    if (kind === "alone" && isTakenOver) problems.push(`two runners with one clock: ${ending(secondEnd)}`);
    const [winner, loser] = isTakenOver ? [secondEnd, firstEnd] : [firstEnd, secondEnd];
    if (winner.code !== 0) problems.push(`whoever has the run fails: ${ending(winner)}`);
    if (isTakenOver && (firstEnd.code !== 1 || !firstEnd.stderr.includes("another runner took over")))
      problems.push(`who lost the run does not say so: ${ending(firstEnd)}`);
    if (!isTakenOver && !isLocked && !/is being run by pid/.test(loser.stderr))
      problems.push(`refused without a reason: ${ending(loser)}`);
    problems.push(...recordProblems(project, [firstEnd, secondEnd]));
    for (const { text, isOfSecond } of asked)
      if (isOfSecond && onRecord.includes(markOf(text)))
        problems.push(`'${text}' was asked again, and was on the record`);
    return { seed, kind, isTakenOver, problems };
  } finally {
    await project.close();
    await fake.close();
  }
}

const ending = ({ code, stderr }: Ending): string => `exit code ${String(code)}: ${stderr}`;

/** The record is that of one owner at a time, and what a runner told is what stands there. */
function recordProblems(project: Project, endings: readonly Ending[]): string[] {
  const problems: string[] = [];
  const { events, count, status } = project.inStore((store) => ({
    events: [...store.readEvents("r")],
    count: store.state.get("runs")?.value,
    status: store.findRun("r")?.status,
  }));
  if (status !== "succeeded") problems.push(`the run is ${String(status)}`);
  if (count !== 1) problems.push(`it was counted ${JSON.stringify(count)} times`);
  if (events.filter(({ type }) => type === "run.finished").length !== 1) problems.push("it has not ended once");
  const epochs = events.flatMap(({ type, data }) => (type === "run.started" ? [Number(data?.["epoch"])] : []));
  if (epochs.some((epoch, at) => epoch <= (epochs[at - 1] ?? 0))) problems.push(`epochs ${epochs.join(", ")}`);
  for (const { stdout } of endings) {
    for (const line of stdout.split("\n").filter((text) => text.startsWith("{"))) {
      const told = JSON.parse(line) as { readonly seq: number; readonly type: string; readonly at: string };
      const stands = events[told.seq - 1];
      if (stands?.type !== told.type || new Date(stands.at).toISOString() !== told.at)
        problems.push(`${told.type} (${told.seq}) was told, and ${stands?.type ?? "nothing"} stands there`);
    }
  }
  return problems;
}
