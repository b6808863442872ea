import { describe, expect } from "vitest";
import type { FakeAnthropic } from "../rig/fake-anthropic/fake-anthropic.ts";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

const head = `
muster: 1
name: inside
models: { fast: anthropic/claude-haiku-5-5, smart: anthropic/claude-opus-5-5 }
agents: { writer: { model: fast } }
`;

/** The tasks that were asked, from a request on, sorted. */
const asked = (fake: FakeAnthropic, from = 0): string[] =>
  fake.requests
    .slice(from)
    .map(({ text }) => text.trim())
    .sort();

/** Answers every task with itself. */
const echo = (fake: FakeAnthropic): (() => void) => fake.on(/./, ({ text }) => `<${text.trim()}>`);

const refusal = { kind: "fail", status: 400, type: "invalid_request_error", message: "no" } as const;

const GROUP = `${head}
steps:
  group:
    for_each: [ant, bee, cat]
    steps:
      draft: { agent: writer, task: "Draft {{ item }}" }
      edit: { agent: writer, task: "Edit {{ steps.draft.output }}" }
    outputs: { text: "\${{ steps.edit.output }}" }
  end: { agent: writer, task: "End {{ json steps.group.output }}" }
outputs: { end: "\${{ steps.end.output }}" }`;

describe("kill -9 inside: only what was in flight is asked again", () => {
  story("in the second inner step of item 37 of 40", async ({ fake, project }) => {
    const items = Array.from({ length: 40 }, (_, index) => `item-${index}`);
    project.write("flow.yaml", GROUP.replace("[ant, bee, cat]", JSON.stringify(items)));
    echo(fake);
    const held = fake.nextRequest("Edit <Draft item-37>");
    const run = project.start(["run", "flow.yaml", "--json"]);
    await held;
    await Promise.all(
      items
        .filter((_, index) => index !== 37)
        .map((_, index) => {
          const item = index < 37 ? index : index + 1;
          return run.shows(`"type":"item.succeeded","step":"group","item":${item}`);
        }),
    );
    await run.crash();
    const before = fake.count();
    expect(before).toBe(80);

    const resumed = await project.muster("resume", "--report", "report.json");
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toContain("  runs    group[37]/edit  in flight when the runner stopped\n");
    const texts = items.map((item) => ({ text: `<Edit <Draft ${item}>>` }));
    expect(asked(fake, before)).toEqual(["Edit <Draft item-37>", `End ${JSON.stringify(texts)}`]);
    expect(project.report()).toMatchObject({ status: "succeeded", usage: { calls: 81 } });
    expect(project.report().steps["group"]?.output).toEqual(texts);
  });

  story("in round 3 of a repeat: rounds 1 and 2 stand, and `previous` is what they gave", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
steps:
  group:
    repeat: { until: output.n == 4, max: 5 }
    steps:
      draft:
        agent: writer
        task: "Draft after {{ previous.n }}."
        output: { type: object, properties: { n: { type: integer } }, required: [n] }
      edit: { agent: writer, task: "Edit draft {{ steps.draft.output.n }}." }
    outputs: { n: "\${{ steps.draft.output.n }}" }
outputs: { n: "\${{ steps.group.output.n }}", rounds: "\${{ size(steps.group.results) }}" }`,
    );
    fake.on("Draft after", ({ text }) => JSON.stringify({ n: Number(/after (\d)/.exec(text)?.[1] ?? 0) + 1 }));
    const held = fake.nextRequest("Edit draft 3");
    const run = project.start(["run", "flow.yaml"]);
    await held;
    await run.crash();
    const before = fake.count();
    expect((await project.muster("resume", "--report", "report.json")).code).toBe(0);
    expect(asked(fake, before).map((task) => task.split("\n")[0])).toEqual([
      "Draft after 3.",
      "Edit draft 3.",
      "Edit draft 4.",
    ]);
    expect(project.report().outputs).toEqual({ n: 4, rounds: 4 });
  });

  story("in the second stage of a fallback: the first, which failed, is not tried again", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
steps:
  draft: { agent: writer, task: Draft, retry: { max_attempts: 2, delay: 1ms, on: [invalid] }, fallback: [{ model: smart }] }
outputs: { text: "\${{ steps.draft.output }}" }`,
    );
    fake.on(({ body }) => body.model === "claude-haiku-5-5", refusal);
    const held = fake.nextRequest(({ body }) => body.model === "claude-opus-5-5");
    const run = project.start(["run", "flow.yaml"]);
    await held;
    await run.crash();
    expect([fake.countOfModel("claude-haiku-5-5"), fake.countOfModel("claude-opus-5-5")]).toEqual([2, 1]);
    fake.on(({ body }) => body.model === "claude-opus-5-5", "done");
    expect(await project.muster("resume")).toMatchObject({ code: 0, stdout: "done\n" });
    expect([fake.countOfModel("claude-haiku-5-5"), fake.countOfModel("claude-opus-5-5")]).toEqual([2, 2]);
  });

  story("after a timeout of a group that was caught: the group does not run again", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
steps:
  group:
    timeout: 3s
    on_error: continue
    steps:
      first: { agent: writer, task: First }
      slow: { agent: writer, task: "Slow {{ steps.first.output }}" }
  end: { needs: group, agent: writer, task: "End without {{ steps.group.output }}." }
outputs: { end: "\${{ steps.end.output }}" }`,
    );
    echo(fake);
    const slow = fake.nextRequest("Slow");
    const end = fake.nextRequest("End");
    const run = project.start(["run", "flow.yaml"]);
    await (
      await slow
    ).closed;
    await end;
    await run.crash();
    const before = fake.count();
    const resumed = await project.muster("resume", "--report", "report.json");
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).not.toContain("runs    group");
    expect(asked(fake, before)).toEqual(["End without ."]);
    expect(project.report().steps).toMatchObject({
      group: { status: "failed", error: { class: "timeout" } },
      "group/first": { status: "succeeded", output: "<First>" },
      "group/slow": { status: "cancelled" },
      end: { status: "succeeded" },
    });
  });

  story("during a wait inside a group: its end is counted from its first start", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
steps:
  group:
    steps:
      before: { agent: writer, task: Before }
      pause: { needs: before, wait: { for: 2s } }
      after: { needs: pause, agent: writer, task: After }
    outputs: { text: "\${{ steps.after.output }}" }`,
    );
    echo(fake);
    const run = project.start(["run", "flow.yaml", "--json"]);
    await run.shows(`"type":"attempt.started","step":"group/pause"`);
    await run.crash();
    const resumed = await project.muster("resume", "--report", "report.json");
    expect(resumed.code).toBe(0);
    const report = project.report();
    const pause = report.steps["group/pause"];
    const after = report.steps["group/after"];
    const waited = Date.parse(after?.started_at ?? "") - Date.parse(pause?.started_at ?? "");
    expect(waited).toBeGreaterThanOrEqual(2000);
    // Had it begun again, the time of the crash and of the second start would be on top.
    expect(waited - 2000).toBeLessThan(1500);
    expect(Math.abs((pause?.duration_ms ?? 0) - waited)).toBeLessThan(500);
    expect(asked(fake)).toEqual(["After", "Before"]);
  });

  story("between `finally` steps: those that were done stay done", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
steps:
  work: { agent: writer, task: Work }
finally:
  tell: { agent: writer, task: "Tell {{ run.status }} {{ steps.work.output }}" }
  clean: { needs: tell, agent: writer, task: "Clean after {{ steps.tell.output }}" }`,
    );
    echo(fake);
    const held = fake.nextRequest("Clean after");
    const run = project.start(["run", "flow.yaml"]);
    await held;
    await run.crash();
    const before = fake.count();
    expect((await project.muster("resume", "--report", "report.json")).code).toBe(0);
    expect(asked(fake, before)).toEqual(["Clean after <Tell succeeded <Work>>"]);
    expect(project.report()).toMatchObject({ status: "succeeded", usage: { calls: 3 } });
  });

  story("in the second attempt of a group: the first, which failed, is not tried again", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
steps:
  group:
    retry: { max_attempts: 2, delay: 1ms, on: [invalid] }
    steps:
      draft: { agent: writer, task: Draft }
      edit: { agent: writer, task: "Edit {{ steps.draft.output }}" }
    outputs: { text: "\${{ steps.edit.output }}" }
outputs: { text: "\${{ steps.group.output.text }}" }`,
    );
    echo(fake);
    const first = fake.nextRequest("Edit");
    const run = project.start(["run", "flow.yaml"]);
    const second = first.then(async (held) => {
      const next = fake.nextRequest("Edit");
      await held.fail(400, "invalid_request_error");
      return next;
    });
    await second;
    await run.crash();
    const before = fake.count();
    expect(asked(fake)).toEqual(["Draft", "Draft", "Edit <Draft>", "Edit <Draft>"]);
    expect(await project.muster("resume", "--report", "report.json")).toMatchObject({
      code: 0,
      stdout: "<Edit <Draft>>\n",
    });
    expect(asked(fake, before)).toEqual(["Edit <Draft>"]);
    expect(project.report()).toMatchObject({
      usage: { calls: 3 },
      steps: { group: { attempts: 2, usage: { calls: 3 } } },
    });
  });

  story("a run step inside of items is in doubt by its own path, and one word is enough", async ({ project }) => {
    project.write(
      "flow.yaml",
      `
muster: 1
name: doubt
steps:
  group:
    for_each: [a, b]
    max_parallel: 1
    steps:
      pay:
        env: { WHO: "{{ item }}" }
        run: 'echo $WHO >> paid.txt; [ $WHO = a ] || [ -e go ] || { touch started; exec sleep 60; }'
      tell: { value: "\${{ item + ' is paid' }}", needs: pay }
    outputs: { told: "\${{ steps.tell.output }}" }
outputs: { all: "\${{ steps.group.output.map(each, each.told).join(', ') }}" }`,
    );
    const run = project.start(["run", "flow.yaml"]);
    await project.appears("started");
    await run.crash();
    project.write("go", "");
    const doubt = await project.muster("resume");
    expect(doubt.code).toBe(1);
    expect(doubt.stderr).toContain(
      "group[1]/pay  was running when its runner stopped: it fails, unless you say --rerun 'group[1]/pay'\n",
    );
    expect(doubt.stderr).toMatch(/next {5}muster show \S+ {3}muster resume \S+ --rerun 'group\[1\]\/pay'\n/);
    expect(doubt.stderr).toMatch(/muster dead-letters retry [0-9a-f]{10} --rerun, or muster resume/);
    expect(project.read("paid.txt")).toBe("a\nb\n");
    expect((await project.muster("resume", "--rerun", "group[2]/pay")).stderr).toContain(
      "--rerun group[2]/pay: 'group' had items 0 to 1 in this run\n",
    );
    expect(await project.muster("resume", "--rerun", "group[1]/pay")).toMatchObject({
      code: 0,
      stdout: "a is paid, b is paid\n",
    });
  });
});

describe("an edit, a list or a file that changed", () => {
  /** Runs the manifest up to its last step, which fails; the next time it does not. */
  const failedRun = async (
    { fake, project }: { fake: FakeAnthropic; project: Project },
    manifest: string,
  ): Promise<number> => {
    project.write("flow.yaml", manifest);
    echo(fake);
    const mended = fake.on("End", refusal);
    const run = await project.muster("run", "flow.yaml");
    expect(run.code, run.stderr).toBe(1);
    mended();
    return fake.count();
  };
  const end = (fake: FakeAnthropic, from: number): string[] =>
    asked(fake, from).filter((task) => !task.startsWith("End"));

  story("an inner step that was edited runs again in all items, and nothing else", async ({ fake, project }) => {
    const before = await failedRun({ fake, project }, GROUP);
    expect(before).toBe(7);
    project.edit("flow.yaml", "Edit {{", "Edit well {{");
    const resumed = await project.muster("resume");
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toContain("group[0]/edit  the step changed\n");
    expect(end(fake, before)).toEqual(["Edit well <Draft ant>", "Edit well <Draft bee>", "Edit well <Draft cat>"]);
  });

  story("of a list that changed only the new entry runs, through all of its steps", async ({ fake, project }) => {
    const before = await failedRun({ fake, project }, GROUP);
    project.edit("flow.yaml", "[ant, bee, cat]", "[wasp, cat, ant]");
    const resumed = await project.muster("resume", "--report", "report.json");
    expect(resumed.code).toBe(0);
    expect(end(fake, before)).toEqual(["Draft wasp", "Edit <Draft wasp>"]);
    expect(project.report().steps["group"]?.output).toEqual(
      ["wasp", "cat", "ant"].map((item) => ({ text: `<Edit <Draft ${item}>>` })),
    );
  });

  story("--rerun takes a group, or a step of it in all items", async ({ fake, project }) => {
    const before = await failedRun({ fake, project }, GROUP);
    const inner = await project.muster("resume", "--rerun", "group/edit");
    expect(inner.code).toBe(0);
    expect(inner.stderr).toContain("group[2]/edit  asked for with --rerun\n");
    expect(end(fake, before)).toEqual(["Edit <Draft ant>", "Edit <Draft bee>", "Edit <Draft cat>"]);
    const then = fake.count();
    expect(
      (await project.muster("resume", project.inStore((store) => store.listRuns())[0]?.runId ?? "", "--rerun", "group"))
        .code,
    ).toBe(0);
    expect(end(fake, then)).toHaveLength(6);
    expect(await project.muster("resume", "--rerun", "group/edti", "--dry-run")).toMatchObject({ code: 2 });
  });

  story(
    "item_key: what an item's key names is kept as long as what is read of it did not change",
    async ({ fake, project }) => {
      const list = (rows: readonly object[]): string => `${head}
steps:
  row:
    for_each: ${JSON.stringify(rows)}
    item_key: item.id
    agent: writer
    task: "Row {{ item.name }}"
  end: { agent: writer, task: "End {{ join steps.row.output }}" }`;
      const rows = [
        { id: 1, name: "ant", note: "x" },
        { id: 2, name: "bee", note: "x" },
        { id: 3, name: "cat", note: "x" },
      ];
      const before = await failedRun({ fake, project }, list(rows));
      project.write(
        "flow.yaml",
        list([
          { id: 3, name: "cat", note: "not read" },
          { id: 2, name: "beetle", note: "x" },
          { id: 1, name: "ant", note: "x" },
        ]),
      );
      expect((await project.muster("resume")).code).toBe(0);
      expect(asked(fake, before)).toEqual(["End <Row cat>, <Row beetle>, <Row ant>", "Row beetle"]);
    },
  );

  story("without a key an item is its content: one that changed is another one", async ({ fake, project }) => {
    const list = (rows: readonly object[]): string => `${head}
steps:
  row: { for_each: ${JSON.stringify(rows)}, agent: writer, task: "Row {{ item.name }}" }
  end: { agent: writer, task: "End {{ join steps.row.output }}" }`;
    const before = await failedRun(
      { fake, project },
      list([
        { name: "ant", note: "x" },
        { name: "bee", note: "x" },
      ]),
    );
    project.write(
      "flow.yaml",
      list([
        { name: "ant", note: "y" },
        { name: "bee", note: "x" },
      ]),
    );
    expect((await project.muster("resume")).code).toBe(0);
    expect(end(fake, before)).toEqual(["Row ant"]);
  });

  story("of the files that match, only the one that was edited is read again", async ({ fake, project }) => {
    for (const name of ["a", "b", "c"]) project.write(`notes/${name}.md`, `text ${name}`);
    const before = await failedRun(
      { fake, project },
      `${head}
steps:
  read: { for_each: { glob: "notes/*.md" }, agent: writer, task: "Read {{ item }}: {{ file item }}" }
  end: { agent: writer, task: "End {{ json steps.read.output }}" }`,
    );
    project.write("notes/b.md", "other text");
    project.write("notes/d.md", "text d");
    expect((await project.muster("resume")).code).toBe(0);
    expect(end(fake, before)).toEqual(["Read notes/b.md: other text", "Read notes/d.md: text d"]);
  });

  story("of batches, only the one that an entry was added to is asked again", async ({ fake, project }) => {
    const manifest = `${head}
steps:
  up:
    for_each: [a, b, c]
    batch: 2
    agent: writer
    task: "Batch {{ join items '+' }}"
    output: { type: array, items: { type: string } }
  end: { agent: writer, task: "End {{ join steps.up.output '' }}" }
outputs: { all: "\${{ steps.up.output }}" }`;
    project.write("flow.yaml", manifest);
    fake.on("Batch", ({ text }) => JSON.stringify((/Batch (\S+)/.exec(text)?.[1] ?? "").toUpperCase().split("+")));
    const mended = fake.on("End", refusal);
    expect((await project.muster("run", "flow.yaml")).code).toBe(1);
    mended();
    const before = fake.count();
    project.edit("flow.yaml", "[a, b, c]", "[a, b, c, d]");
    expect((await project.muster("resume", "--report", "report.json")).code).toBe(0);
    expect(end(fake, before).map((text) => text.split("\n")[0])).toEqual(["Batch c+d"]);
    expect(project.report().outputs).toEqual({ all: ["A", "B", "C", "D"] });
  });

  story("of a matrix, each combination asks its own model and keeps its own outcome", async ({ fake, project }) => {
    const before = await failedRun(
      { fake, project },
      `${head}
steps:
  write:
    matrix: { model: [fast, smart], tone: [warm, dry] }
    agent: writer
    model: \${{ matrix.model }}
    task: "Write {{ matrix.tone }}"
  end: { agent: writer, task: "End {{ join steps.write.output }}" }`,
    );
    const pairs = (from: number): string[] =>
      fake.requests
        .slice(from)
        .map(({ body, text }) => `${body.model} ${text.trim()}`)
        .filter((pair) => !pair.includes("End"))
        .sort();
    expect(pairs(0)).toEqual([
      "claude-haiku-5-5 Write dry",
      "claude-haiku-5-5 Write warm",
      "claude-opus-5-5 Write dry",
      "claude-opus-5-5 Write warm",
    ]);
    project.edit("flow.yaml", "smart: anthropic/claude-opus-5-5", "smart: anthropic/claude-sonnet-5-5");
    project.edit("flow.yaml", "tone: [warm, dry]", "tone: [warm, odd, dry]");
    expect((await project.muster("resume")).code).toBe(0);
    expect(pairs(before)).toEqual([
      "claude-haiku-5-5 Write odd",
      "claude-sonnet-5-5 Write dry",
      "claude-sonnet-5-5 Write odd",
      "claude-sonnet-5-5 Write warm",
    ]);
  });
});
