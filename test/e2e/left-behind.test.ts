import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import { isAlive } from "../rig/muster/pid.ts";
import type { Project } from "../rig/muster/project.ts";

const FLOW = `
muster: 1
name: leaves
steps:
  server:
    # Deaf to SIGTERM, and with a child that left its group.
    run: |
      trap '' TERM
      [ -e second ] && { echo done; exit; }
      setsid sh -c 'echo $$ > child.tmp; mv child.tmp child.pid; exec tail -f /dev/null' &
      echo $$ > server.tmp; mv server.tmp server.pid
      while :; do read -r line < fifo; done
    idempotent: true
outputs: { said: "\${{ steps.server.output }}" }
`;

/** A run whose runner was killed while its program goes on: the ids of the processes. */
async function crashed(project: Project, runId: string): Promise<number[]> {
  project.write("flow.yaml", FLOW.replace("run: |", "run: |\n      [ -p fifo ] || mkfifo fifo"));
  const run = project.start(["run", "flow.yaml", "--run-id", runId]);
  await Promise.all([project.appears("server.pid"), project.appears("child.pid")]);
  await run.crash();
  return ["server.pid", "child.pid"].map((file) => Number(project.read(file)));
}

const alive = (pids: readonly number[]): boolean[] => pids.map(isAlive);

describe.skipIf(process.platform !== "linux")("programs that a dead runner left behind", () => {
  story(
    "kill stops them with their children, but no program of a run with the same name elsewhere",
    async ({ project, fake }) => {
      const pids = await crashed(project, "nightly");
      const other = project.sibling(fake.url);
      try {
        const others = await crashed(other, "nightly");
        expect([alive(pids), alive(others)]).toEqual([
          [true, true],
          [true, true],
        ]);
        expect(await project.muster("kill", "nightly")).toMatchObject({
          code: 0,
          stderr: "nightly is cancelled; nobody was running it, stopped 1 program that the last runner left behind\n",
        });
        expect([alive(pids), alive(others)]).toEqual([
          [false, false],
          [true, true],
        ]);
        expect((await other.muster("kill", "nightly")).code).toBe(0);
        expect(alive(others)).toEqual([false, false]);
      } finally {
        await other.close();
      }
    },
  );

  story("resume stops them before it starts the step again", async ({ project }) => {
    const pids = await crashed(project, "again");
    project.write("second", "");
    const resumed = await project.muster("resume");
    expect(resumed).toMatchObject({ code: 0, stdout: "done\n" });
    expect(resumed.stderr).toContain("stopped 1 program that the last runner left behind\n");
    expect(alive(pids)).toEqual([false, false]);
  });
});
