import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

const CACHED = `muster: 1
name: cached
inputs:
  sites: { type: array, items: { type: string }, default: [a, b] }
agents:
  writer: { model: anthropic/claude-haiku-5-5, instructions: You write. }
defaults: { cache: true }
steps:
  look:
    agent: writer
    for_each: \${{ inputs.sites }}
    task: Look at {{ item }}.
  make:
    run: [sh, -c, 'mkdir -p out && cat > out/all.txt && echo x >> made.log', sh]
    stdin: \${{ steps.look.output }}
    writes: out/all.txt
  show:
    cache: false
    run: cat out/all.txt
outputs:
  all: \${{ steps.show.output }}
`;

describe("the cache", () => {
  story("answers in another run what was asked before, and pays nothing", async ({ project, fake }) => {
    project.write("workflows/c.yaml", CACHED.replace("  show:\n", "  show:\n    reads: out/all.txt\n"));
    expect(await project.muster("run", "workflows/c.yaml", "--report", "report.json")).toMatchObject({ code: 0 });
    const first = project.report();
    expect(fake.requests).toHaveLength(2);
    writeFileSync(join(project.folder, "out/all.txt"), "changed by somebody");

    const second = await project.muster(
      "run",
      "workflows/c.yaml",
      "--report",
      "report.json",
      "--input",
      'sites=["b","a","c"]',
    );
    expect(second).toMatchObject({ code: 0 });
    // One more site: that one is asked for, the others are known.
    expect(fake.requests).toHaveLength(3);
    const { steps } = project.report();
    expect(steps["look"]).toMatchObject({ from_cache: false, usage: { calls: 1 } });
    expect(steps["look"]?.results).toMatchObject([{ from_cache: true }, { from_cache: true }, { item: "c" }]);
    expect(project.read("made.log")).toBe("x\nx\n");

    // The very same again: the file is put back as it was.
    expect(await project.muster("run", "workflows/c.yaml", "--report", "report.json")).toMatchObject({ code: 0 });
    expect(fake.requests).toHaveLength(3);
    const third = project.report();
    expect(third.outputs).toEqual(first.outputs);
    expect(third.usage.calls).toBe(0);
    expect(third.steps["make"]).toMatchObject({ from_cache: true });
    expect(project.read("made.log")).toBe("x\nx\n");
  });

  story("is not used where its content is damaged, and says so", async ({ project, fake }) => {
    project.write("workflows/c.yaml", CACHED.replace("  show:\n", "  show:\n    reads: out/all.txt\n"));
    await project.muster("run", "workflows/c.yaml");
    const folder = join(project.folder, ".muster/cache");
    const [start = ""] = readdirSync(folder);
    const [content = ""] = readdirSync(join(folder, start));
    // Not in place: the run that made it has the same file.
    writeFileSync(join(folder, start, `${content}.new`), "damaged!");
    const { renameSync } = await import("node:fs");
    renameSync(join(folder, start, `${content}.new`), join(folder, start, content));
    const again = await project.muster("run", "workflows/c.yaml", "--report", "report.json", "--format", "json");
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("cache.damaged");
    expect(project.report().steps["make"]).toMatchObject({ from_cache: false });
    expect(fake.requests).toHaveLength(2);
  });

  story("is neither filled nor read by a simulated run", async ({ project, fake }) => {
    project.write("workflows/c.yaml", CACHED);
    await project.muster("run", "workflows/c.yaml", "--simulate");
    await project.muster("run", "workflows/c.yaml");
    expect(fake.requests).toHaveLength(2);
    await project.muster("run", "workflows/c.yaml", "--simulate", "--report", "report.json");
    expect(project.report().steps["look"]).toMatchObject({ from_cache: false });
  });

  story("is told of by plan, is shared by two runs at once, and goes with prune", async ({ project, fake }) => {
    project.write("workflows/c.yaml", CACHED.replace("  show:\n", "  show:\n    reads: out/all.txt\n"));
    const runs = await Promise.all([
      project.muster("run", "workflows/c.yaml"),
      project.muster("run", "workflows/c.yaml"),
    ]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    const asked = fake.requests.length;
    const plan = await project.muster("plan", "workflows/c.yaml", "--input", 'sites=["a","b","new"]');
    expect(plan.stdout).toMatch(/^in the cache {3}look \(2 of 3\)$/m);
    const whole = await project.muster("plan", "workflows/c.yaml", "--json");
    expect((JSON.parse(whole.stdout) as { cached: unknown }).cached).toEqual([
      { path: "look", units: 2, of: 2 },
      { path: "make", units: 1, of: 1 },
    ]);
    const pruned = await project.muster("prune", "--cache", "--json");
    expect(JSON.parse(pruned.stdout)).toMatchObject({ cached: 3, runs: [] });
    expect((await project.muster("plan", "workflows/c.yaml")).stdout).toMatch(/^in the cache {3}nothing$/m);
    expect(await project.muster("run", "workflows/c.yaml")).toMatchObject({ code: 0 });
    expect(fake.requests.length).toBe(asked + 2);
  });

  story("does not answer what was asked for anew", async ({ project, fake }) => {
    project.write("workflows/c.yaml", CACHED.replace("  show:\n", "  show:\n    reads: out/all.txt\n"));
    expect(await project.muster("run", "workflows/c.yaml", "--run-id", "R")).toMatchObject({ code: 0 });
    expect(await project.muster("resume", "R", "--rerun", "look")).toMatchObject({ code: 0 });
    expect(fake.requests).toHaveLength(4);
  });
});
