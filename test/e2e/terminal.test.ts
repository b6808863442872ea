import { join } from "node:path";
import { describe, expect, inject } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";
import { Tmux, whyNoTmux } from "../rig/tmux.ts";

const flow = `
muster: 1
name: watched
agents: { writer: { model: anthropic/claude-haiku-5-5 } }
steps:
  prepare: { value: 1 }
  chapters:
    needs: prepare
    for_each: [one, two, three, four]
    max_parallel: 1
    agent: writer
    task: "Chapter {{ item }}"
  report: { agent: writer, task: "Report on {{ steps.chapters.output }}" }
outputs: { report: "\${{ steps.report.output }}" }
`;

const missing = whyNoTmux();

/** The live tree in a terminal of its own. */
const terminal = story.extend<{ tmux: Tmux }>({
  tmux: async ({ project, task }, use) => {
    void task;
    const tmux = new Tmux(join(project.folder, "tmux"));
    await use(tmux);
    await tmux.close();
  },
});

function commandOf(project: Project, args: string): string {
  project.write("flow.yaml", flow);
  return `${process.execPath} ${inject("musterScript")} ${args}`;
}

function optionsOf({ folder, env }: Project, width: number, height: number) {
  return {
    width,
    height,
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, LANG: "C.UTF-8", ...env },
  };
}

/** What differs from run to run. */
const masked = (lines: readonly string[]): string[] =>
  lines.map((line) =>
    line
      .replaceAll(/\d+\.\ds/g, "0.0s")
      .replaceAll(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/g, "*")
      .replaceAll(/\b01[0-9A-HJKMNP-TV-Z]{24}\b/g, "RUN"),
  );

const isLaidOut = (width: number) => (lines: readonly string[]) =>
  lines.some((line) => line.includes("* chapters".slice(2)) && line.trimEnd().length === width);

describe.skipIf(missing !== null)(`on a real terminal${missing === null ? "" : `: skipped, ${missing}`}`, () => {
  terminal("a run is a live tree, at 80x24, resized to 200x60 and to its end", async ({ fake, project, tmux }) => {
    const [one, two, report] = [
      fake.nextRequest("Chapter one"),
      fake.nextRequest("Chapter two"),
      fake.nextRequest("Report on"),
    ];
    await tmux.start(commandOf(project, "run flow.yaml"), optionsOf(project, 80, 24));
    await (await one).reply("1");
    const held = await two;
    const small = await tmux.shows((lines) => lines.some((line) => line.includes("1/4")));
    expect(masked(small)).toEqual([
      "watched  flow.yaml  run RUN",
      expect.stringMatching(/^ ✓ prepare {2}.* 0\.0s$/),
      expect.stringMatching(/^ \* chapters {1,2}█*.* 1\/4 {2,}claude-haiku-5-5 {2,}0\.0s +\d+ <\$0\.0001$/),
      " · report   waits for chapters",
      expect.stringMatching(/^ {3}0\.0s {2}1\/3 steps {2}\d+ tokens {2}under \$0\.000001$/),
    ]);
    expect(small.every((line) => line.length < 80)).toBe(true);

    await tmux.resize(200, 60);
    const large = await tmux.shows(isLaidOut(119));
    expect(masked(large).map((line) => line.slice(0, 11))).toEqual([
      "watched  fl",
      " ✓ prepare ",
      " * chapters",
      " · report  ",
      expect.stringMatching(/^ {3}\d/),
    ]);

    await held.reply("2");
    await (await report).reply("Done");
    const ended = masked(await tmux.shows((lines) => lines.some((line) => line.startsWith("exit code"))));
    expect(ended.map((line) => line.slice(0, 11).trimEnd())).toEqual([
      "watched  fl",
      " ✓ prepare",
      " ✓ chapters",
      " ✓ report",
      "   0.0s  3/",
      "succeeded i",
      "  slowest",
      "  spend",
      "Done",
      "exit code 0",
    ]);
    expect(await tmux.history()).toEqual(await tmux.screen());
    expect(await tmux.hasCursor()).toBe(true);
  });

  terminal("made narrow while it runs, the screen shows one whole tree", async ({ fake, project, tmux }) => {
    const one = fake.nextRequest("Chapter one");
    await tmux.start(commandOf(project, "run flow.yaml"), optionsOf(project, 80, 24));
    const held = await one;
    await tmux.shows((lines) => lines.some((line) => line.includes("0/4")));
    await tmux.resize(40, 10);
    const narrow = await tmux.shows(isLaidOut(39));
    expect(narrow.filter((line) => /^ . chapters/u.test(line)).length).toBe(1);
    expect(narrow.every((line) => line.length < 40)).toBe(true);
    await held.reply("1");
    await tmux.shows((lines) => lines.some((line) => line.startsWith("exit code 0")));
  });

  terminal("Ctrl-C says that it stops, and leaves a terminal that works", async ({ fake, project, tmux }) => {
    const one = fake.nextRequest("Chapter one");
    await tmux.start(commandOf(project, "run flow.yaml"), optionsOf(project, 80, 24));
    const held = await one;
    await tmux.shows((lines) => lines.some((line) => line.includes("0/4")));
    await tmux.press("C-c");
    await tmux.shows((lines) => lines.some((line) => line.includes("stopping: what runs may end")));
    await held.reply("1");
    const ended = await tmux.shows((lines) => lines.some((line) => line.startsWith("exit code 130")));
    expect(ended.filter((line) => /^ . chapters/u.test(line)).length).toBe(1);
    expect(ended.some((line) => line.startsWith("interrupted in"))).toBe(true);
    expect(await tmux.hasCursor()).toBe(true);
  });

  terminal("kill -9 leaves the cursor visible and the tree as it was", async ({ fake, project, tmux }) => {
    const one = fake.nextRequest("Chapter one");
    await tmux.start(commandOf(project, "run flow.yaml"), optionsOf(project, 80, 24));
    await one;
    await tmux.shows((lines) => lines.some((line) => line.includes("0/4")));
    const pid = project.inStore((store) => store.listRuns()[0]?.lease?.pid ?? 0);
    process.kill(pid, "SIGKILL");
    await tmux.shows((lines) => lines.some((line) => line.startsWith("exit code 137")));
    expect(await tmux.hasCursor()).toBe(true);
  });

  terminal("a resume shows what earlier starts did", async ({ fake, project, tmux }) => {
    project.write("flow.yaml", flow);
    const failing = fake.on("Report on", { kind: "fail", status: 400, type: "invalid_request_error", message: "no" });
    await project.muster("run", "flow.yaml");
    failing();
    const report = fake.nextRequest("Report on");
    await tmux.start(commandOf(project, "resume"), optionsOf(project, 80, 24));
    const held = await report;
    const lines = masked(await tmux.shows((shown) => shown.some((line) => line.includes("2/3 steps"))));
    expect(lines.find((line) => /^ . chapters/u.test(line))).toMatch(/^ ✓ chapters +4\/4 .* <\$0\.0001$/);
    await held.reply("Done");
    await tmux.shows((shown) => shown.some((line) => line.startsWith("exit code 0")));
  });

  terminal("piped, it is plain lines without one control character", async ({ project, tmux }) => {
    await tmux.start(commandOf(project, "run flow.yaml 2> progress.txt > out.txt"), optionsOf(project, 80, 24));
    await tmux.shows((lines) => lines.some((line) => line.startsWith("exit code 0")));
    const progress = project.read("progress.txt");
    expect(progress).toContain("ok     chapters");
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(/[\x00-\x09\x0b-\x1f]/.test(progress + project.read("out.txt"))).toBe(false);
  });
});
