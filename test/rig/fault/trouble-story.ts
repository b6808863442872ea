import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemClock } from "../../../src/util/clock.ts";
import { openSqliteStore } from "../../../src/store/sqlite/open.ts";
import { sha256 } from "../../../src/util/digest.ts";
import { startFakeAnthropic } from "../fake-anthropic/fake-anthropic.ts";
import { Project } from "../muster/project.ts";

/** What the disk does to a run. */
export type Trouble =
  | { readonly kind: "full"; readonly freeKiB: number }
  | { readonly kind: "calls"; readonly library: string; readonly fail: string };

export interface TroubleStory {
  /** Whether the trouble came up before the run was over. */
  readonly isHit: boolean;
  /** Rules that were broken. */
  readonly problems: readonly string[];
}

const ITEMS = ["ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen"];
const FLOW = `
muster: 1
name: stored
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
limits: { concurrency: 3 }
steps:
  map: { for_each: ${JSON.stringify(ITEMS)}, agent: writer, task: "Map {{ item }}." }
  last: { agent: writer, task: "Count {{ json steps.map.failed }}." }
outputs: { text: "\${{ steps.last.output }}" }
`;

/** Large enough that some lie in rows, and some in files of their own. */
const answerTo = (asked: string): string =>
  `${sha256(asked)} `.repeat(1 + (asked.length % 7) * 60 * (asked.length % 3));

/** Mounts a disk of 1 MB of its own; null = that is not allowed here. */
export function mountDisk(folder: string): (() => void) | null {
  mkdirSync(folder, { recursive: true });
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]);
  return status === 0 ? () => void spawnSync("umount", [folder]) : null;
}

/** Runs a workflow on a disk with trouble, then goes on without: with exact accounts of what was asked. */
export async function troubleStory(script: string, trouble: Trouble): Promise<TroubleStory> {
  const fake = await startFakeAnthropic();
  const project = new Project(script, fake.url);
  const disk = join(project.folder, "disk");
  const statePath = join(disk, "state.db");
  const filler = join(disk, "filler");
  const problems: string[] = [];
  const asked: string[] = [];
  let unmount = (): void => {};
  fake.on(/./, ({ text }) => {
    asked.push(text.trim());
    return answerTo(text.trim());
  });
  try {
    project.write("flow.yaml", FLOW);
    mkdirSync(dirname(statePath), { recursive: true });
    const env: { [name: string]: string } = { MUSTER_STATE: statePath };
    if (trouble.kind === "full") {
      unmount = mountDisk(disk) ?? unmount;
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - trouble.freeKiB * 1024)));
    } else {
      env["LD_PRELOAD"] = trouble.library;
      env["FAULT_FOLDER"] = disk;
      env["FAULT_FAIL"] = trouble.fail;
    }

    const first = await project.start(["run", "flow.yaml", "--run-id", "r", "--format", "json"], env).ended;
    const isHit = first.code !== 0;
    const told = first.stderr;
    if (isHit && !/(?:disk is full|cannot be used|cannot be written|cannot make|no space left|i\/o error)/i.test(told))
      problems.push(`exit code ${String(first.code)} without saying why: ${told}`);
    if (first.code === 70 || first.code === null) problems.push(`it broke: ${told}`);

    // While there is still no room: what was told is on the disk, and can be read.
    const record = readRecord(statePath);
    if (record instanceof Error) problems.push(`the last good state cannot be read: ${record.message}`);
    const onRecord = record instanceof Error || record === null ? null : record;
    for (const line of first.stdout.split("\n").filter((text) => text.startsWith("{"))) {
      const { seq, type } = JSON.parse(line) as { readonly seq?: number; readonly type: string };
      if (seq !== undefined && seq > (onRecord?.lastSeq ?? 0))
        problems.push(`${type} (${seq}) was told and is not on the disk`);
    }
    if (first.code === 0 && onRecord?.status !== "succeeded") problems.push("it said succeeded, and the disk does not");

    rmSync(filler, { force: true });
    const before = asked.splice(0);
    const args = onRecord === null ? ["run", "flow.yaml", "--run-id", "r"] : ["resume", "r"];
    const second = await project.start(args, { MUSTER_STATE: statePath }).ended;
    if (second.code !== 0) problems.push(`it does not go on: exit code ${String(second.code)}: ${second.stderr}`);
    for (const text of asked)
      if (onRecord?.facts.includes(sha256(text)) === true)
        problems.push(`'${text}' was paid again, and was on the record`);
    const all = new Set([...before, ...asked]);
    if (all.size !== ITEMS.length + 1) problems.push(`${all.size} things were asked, not ${ITEMS.length + 1}`);
    const end = readRecord(statePath);
    if (end === null || end instanceof Error || end.status !== "succeeded")
      problems.push("it has not succeeded on the disk");
    return { isHit, problems };
  } finally {
    unmount();
    await project.close();
    await fake.close();
  }
}

interface OnRecord {
  readonly status: string;
  readonly lastSeq: number;
  /** The facts as one text, with the values that they name. */
  readonly facts: string;
}

/** null = there is no run yet. */
function readRecord(path: string): OnRecord | Error | null {
  if (!existsSync(path)) return null;
  try {
    const store = openSqliteStore({ path, readOnly: true, clock: systemClock, warnings: process });
    try {
      const run = store.findRun("r");
      if (run === null) return null;
      void [...store.readEvents("r")];
      const facts = [...store.readFacts("r")].map((fact) => {
        const { output } = fact;
        return output !== null && "blob" in output
          ? Buffer.from(store.getBlob(output.blob)).toString("utf8")
          : JSON.stringify(fact);
      });
      return { status: run.status, lastSeq: store.lastSeq("r"), facts: facts.join("\n") };
    } finally {
      store.close();
    }
  } catch (error) {
    return error as Error;
  }
}
