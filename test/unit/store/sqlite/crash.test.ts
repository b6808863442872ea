import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { owner, record, TempState } from "./temp-state.ts";

const state = new TempState();
const WRITER = join(import.meta.dirname, "crash-writer.ts");
const KILLS = 20;

/** Lets a writer commit at least `commits` times, kills it with -9, and returns the last commit that it told of. */
async function killAfter(commits: number): Promise<number> {
  const args = ["--disable-warning=ExperimentalWarning", "--experimental-strip-types", WRITER, state.path];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let told = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    told += text;
    if (told.split("\n").length > commits) child.kill("SIGKILL");
  });
  expect(await once(child, "close")).toEqual([null, "SIGKILL"]);
  // What follows the last line break was told by half.
  return Number(told.slice(0, told.lastIndexOf("\n")).split("\n").at(-1));
}

it(`after ${KILLS} kill -9 in the middle of commits every acknowledged one is there, and none by half`, async () => {
  const store = state.open();
  store.createRun(record("R1"), owner);
  store.close();
  let leftovers = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const acknowledged = await killAfter(1 + ((kill * 37) % 101));
    if (existsSync(`${state.path}-wal`)) leftovers++;
    const reader = state.open();
    const last = reader.lastSeq("R1");
    expect(last).toBeGreaterThanOrEqual(acknowledged);
    const seqs = Array.from({ length: last }, (_, index) => index + 1);
    expect([...reader.readEvents("R1")].map(({ seq, data }) => [seq, data])).toEqual(
      seqs.map((seq) => [seq, { text: "x".repeat(seq % 5000) }]),
    );
    expect([...reader.readFacts("R1")].map(({ key }) => key)).toEqual(seqs.map((seq) => `k${seq}`));
    expect(reader.findRun("R1")).toMatchObject({ activeMs: last, epoch: kill + 2 });
    reader.close();
  }
  expect(leftovers).toBe(KILLS);
});
