import { existsSync, readdirSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect } from "vitest";
import type { FakeAnthropic } from "../rig/fake-anthropic/fake-anthropic.ts";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

const FLOW = `
muster: 1
name: audited
secrets: [SOURCE_KEY]
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
events: { file: logs/audit.ndjson, keep: 90d }
steps:
  leak: { run: "echo $K", env: { K: "\${{ secrets.SOURCE_KEY }}" } }
  group:
    for_each: [ant, bee]
    steps:
      draft: { agent: writer, task: "Draft {{ item }} {{ steps.leak.output }}" }
    outputs: { text: "\${{ steps.draft.output }}" }
  end: { agent: writer, task: "End {{ json steps.group.output }}" }
outputs: { end: "\${{ steps.end.output }}" }
`;
const KEY = "source-key-0123456789";

interface Line {
  readonly run_id: string;
  readonly seq: number;
  readonly type: string;
}

/** The lines of the copy that can be read; every one must be readable unless `torn` are not. */
function linesOf(project: Project, torn = 0): readonly Line[] {
  const texts = project
    .read("logs/audit.ndjson")
    .split("\n")
    .filter((text) => text !== "");
  const lines = texts.flatMap((text) => {
    try {
      return [JSON.parse(text) as Line];
    } catch {
      return [];
    }
  });
  expect(texts.length - lines.length).toBe(torn);
  return lines;
}

function begin(fake: FakeAnthropic, project: Project): void {
  project.env["SOURCE_KEY"] = KEY;
  project.env["GITHUB_ACTIONS"] = "true";
  project.env["GITHUB_ACTOR"] = "octocat";
  project.write("flow.yaml", FLOW);
  fake.on(/./, ({ text }) => `<${text.trim()}>`);
}

/** Sequence numbers of a run without doubles, in the order of the file. */
const seqsOf = (lines: readonly Line[], runId: string): number[] => [
  ...new Set(lines.filter((line) => line.run_id === runId).map(({ seq }) => seq)),
];
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe("the audit copy", () => {
  story(
    "has every event, says of each start of an agent who and what, and outlives prune",
    async ({ fake, project }) => {
      begin(fake, project);
      expect((await project.muster("run", "flow.yaml", "--run-id", "R1")).code).toBe(0);
      const lines = linesOf(project);
      const last = project.inStore((store) => store.lastSeq("R1"));
      expect(lines.map(({ seq }) => seq)).toEqual(upTo(last));
      const starts = lines.filter((line) => line.type === "attempt.started" && "agent" in line);
      expect(starts).toMatchObject([
        {
          step: "group[0]/draft",
          agent: "writer",
          task: "Draft ant [secret:SOURCE_KEY]",
          parent: "group[0]",
          model: "anthropic/claude-haiku-5-5",
          initiator: "github:octocat",
          at: expect.any(String) as unknown,
        },
        { step: "group[1]/draft" },
        { step: "end", parent: null },
      ]);
      expect(project.read("logs/audit.ndjson")).not.toContain(KEY);
      await project.muster("prune", "--keep", "0");
      expect(linesOf(project)).toEqual(lines);
    },
  );

  story(
    "is completed by a resume after kill -9 at any commit: each event is there, none is torn",
    async ({ fake, project }) => {
      begin(fake, project);
      const preload = join(import.meta.dirname, "../rig/muster/crash-at-commit.ts");
      const at = {
        CRASH_WHEN: "after",
        NODE_OPTIONS: `--disable-warning=ExperimentalWarning --experimental-strip-types --import ${preload}`,
      };
      for (const [index, commit] of [2, 4, 6].entries()) {
        const runId = `R${index}`;
        await project.start(["run", "flow.yaml", "--run-id", runId], { ...at, CRASH_AT: String(commit) }).ended;
        const committed = project.inStore((store) => store.lastSeq(runId));
        expect(committed).toBeGreaterThan(0);
        expect((await project.muster("resume", runId)).code).toBe(0);
        const last = project.inStore((store) => store.lastSeq(runId));
        expect(seqsOf(linesOf(project), runId)).toEqual(upTo(last));
      }
    },
  );

  story("is completed by prune where nobody resumed", async ({ fake, project }) => {
    begin(fake, project);
    const held = fake.nextRequest("Draft ant");
    const run = project.start(["run", "flow.yaml", "--run-id", "R1"]);
    await held;
    await run.crash();
    const last = project.inStore((store) => store.lastSeq("R1"));
    project.write("logs/audit.ndjson", '{"v":1,"seq":1,"run_id":"R1","ty');
    expect((await project.muster("prune", "--keep", "0", "--all")).code).toBe(0);
    expect(seqsOf(linesOf(project, 1), "R1")).toEqual(upTo(last));
    expect(project.inStore((store) => store.findRun("R1"))).toBe(null);
  });

  story("is shared by runs that go on at once", async ({ fake, project }) => {
    begin(fake, project);
    const ids = ["A", "B", "C"];
    await Promise.all(ids.map((id) => project.muster("run", "flow.yaml", "--run-id", id)));
    const lines = linesOf(project);
    for (const id of ids) expect(seqsOf(lines, id)).toEqual(upTo(project.inStore((store) => store.lastSeq(id))));
  });

  story("is never written into another file, nor through a link that leads out", async ({ project }) => {
    const flow = (file: string): string =>
      `muster: 1\nname: audited\nevents: { file: ${file} }\nsteps: { a: { run: [echo, hi] } }\n`;
    project.write("flow.yaml", flow("flow.yaml"));
    const self = await project.muster("run", "flow.yaml");
    expect(self.code).toBe(2);
    expect(self.stderr).toContain("it holds something else: name a file that is for the audit copy alone");
    expect(project.read("flow.yaml")).toBe(flow("flow.yaml"));

    const outside = join(project.folder, "..", `${basename(project.folder)}-outside`);
    symlinkSync(outside, join(project.folder, "link.ndjson"));
    project.write("flow.yaml", flow("link.ndjson"));
    expect((await project.muster("run", "flow.yaml")).code).toBe(2);
    expect(existsSync(outside)).toBe(false);
  });

  story("that cannot be written is told before anything runs; a simulated run has none", async ({ fake, project }) => {
    begin(fake, project);
    project.write("logs", "a file where the folder should be");
    const refused = await project.muster("run", "flow.yaml");
    expect([refused.code, refused.stderr, fake.count()]).toEqual([
      2,
      expect.stringMatching(/^muster: events\.file logs\/audit\.ndjson cannot be written: .*EEXIST/),
      0,
    ]);
    expect((await project.muster("run", "flow.yaml", "--simulate")).code).toBe(0);
    expect(readdirSync(project.folder).filter((name) => name === "logs")).toEqual(["logs"]);
    expect(existsSync(join(project.folder, "logs/audit.ndjson"))).toBe(false);
  });
});
