import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

const head = `muster: 1
name: many
models: { fast: anthropic/claude-haiku-5-5 }
agents: { sorter: { model: fast, instructions: You sort. } }
`;

const flow = (more = "", items = "[a, b, c, d]"): string => `${head}
steps:
  sort: { for_each: ${items}, agent: sorter, task: "Sort {{ item }}", batch_api: true${more} }
outputs: { sorted: "\${{ steps.sort.output }}" }
`;

const typed = ", output: { type: object, properties: { n: { type: integer } }, required: [n] }";

describe("items through the batch API", () => {
  story("go as one batch, more than there are slots, at half the price", async ({ fake, project }) => {
    const items = `[${Array.from({ length: 30 }, (_, i) => `i${i}`).join(", ")}]`;
    project.write("flow.yaml", flow("", items));
    project.write("live.yaml", flow("", items).replace(", batch_api: true", ""));
    const costs = await Promise.all(
      ["flow.yaml", "live.yaml"].map(async (file) => {
        const { stdout } = await project.muster("plan", file, "--json");
        return (JSON.parse(stdout) as { estimate: { cost_usd: { ceiling: number } } }).estimate.cost_usd.ceiling;
      }),
    );
    expect(costs[0]).toBeCloseTo((costs[1] ?? 0) / 2, 12);

    fake.on("Sort", ({ text }) => `sorted ${text.trim().split(" ").at(-1)}`);
    expect((await project.muster("run", "flow.yaml", "--report", "report.json")).code).toBe(0);
    const batched = project.report();
    expect(batched.outputs?.["sorted"]).toEqual(Array.from({ length: 30 }, (_, i) => `sorted i${i}`));
    expect(fake.batches.all.map(({ entries }) => entries.length)).toEqual([30]);
    expect(fake.refusals).toEqual([]);

    expect((await project.muster("run", "live.yaml", "--report", "report.json")).code).toBe(0);
    const live = project.report();
    expect(batched.usage.output_tokens).toBe(live.usage.output_tokens);
    expect(fake.batches.all).toHaveLength(1);
    // The first live calls write the cache at once, so only the output is the same in both.
    expect(batched.cost_usd).toBeLessThan((live.cost_usd ?? 0) * 0.75);
  });

  story("are collected by a resume, however often the process dies meanwhile", async ({ fake, project }) => {
    fake.batches.isHeld = true;
    // As much as the four may cost at half the price, once.
    project.write("flow.yaml", flow().replace("agents:", "limits: { budget: { usd: 0.009 } }\nagents:"));
    let run = project.start(["run", "flow.yaml", "--run-id", "r"]);
    for (let life = 0; life < 5; life += 1) {
      await run.shows("waits for batch msgbatch_fake_1 (4 requests)");
      await run.crash();
      run = project.start(["resume", "r", "--report", "report.json"]);
    }
    await run.shows("waits for batch");
    await fake.batches.all[0]?.end();
    expect((await run.ended).code).toBe(0);
    expect(fake.batches.all).toHaveLength(1);
    expect(project.report()).toMatchObject({ status: "succeeded", usage: { calls: 4 } });
    expect(fake.count()).toBe(4);
  });

  story("that were answered while nobody looked are collected once", async ({ fake, project }) => {
    fake.batches.isHeld = true;
    project.write("flow.yaml", flow());
    const run = project.start(["run", "flow.yaml", "--run-id", "r"]);
    await run.shows("waits for batch");
    run.signal("SIGINT");
    expect((await run.ended).code).toBe(130);
    expect(fake.batches.all[0]?.status).toBe("in_progress");
    await fake.batches.all[0]?.end();
    expect((await project.muster("resume", "r")).code).toBe(0);
    expect(fake.batches.all).toHaveLength(1);
  });

  story(
    "are not handed in twice when the process dies before it hears that they were taken",
    async ({ fake, project }) => {
      project.write("flow.yaml", flow());
      fake.batches.breakNext("mute");
      const taken = fake.batches.next();
      const run = project.start(["run", "flow.yaml", "--run-id", "r"]);
      const batch = await taken;
      await run.crash();
      // Another one of that time and size, of somebody else.
      await batch.end();
      expect((await project.muster("resume", "r", "--report", "report.json")).code).toBe(0);
      expect(fake.batches.all).toHaveLength(1);
      expect(project.report().usage.calls).toBe(4);
    },
  );

  story("are handed in by a resume when they were not taken before", async ({ fake, project }) => {
    project.write("flow.yaml", flow());
    project.write("other.yaml", flow("", "[w, x, y, z]"));
    fake.batches.isHeld = true;
    fake.batches.breakNext("mute");
    const taken = fake.batches.next();
    const run = project.start(["run", "flow.yaml", "--run-id", "r"]);
    await taken;
    await run.crash();
    // As if it had not arrived. Another project's batch of that size is there, and is told from it.
    fake.batches.all.splice(0);
    const other = project.start(["run", "other.yaml"]);
    const theirs = await fake.batches.next();
    const resumed = project.start(["resume", "r"]);
    await theirs.end();
    expect((await other.ended).code).toBe(0);
    const ours = await fake.batches.next();
    await ours.end();
    expect((await resumed.ended).code).toBe(0);
    expect(fake.batches.all).toHaveLength(2);
  });

  story.for(["before", "after"] as const)(
    "survive a connection that breaks %s they are taken",
    async (when, { fake, project }) => {
      project.write("flow.yaml", flow(", retry: { max_attempts: 2, delay: 1ms }"));
      fake.batches.breakNext(when);
      expect((await project.muster("run", "flow.yaml")).code).toBe(0);
      expect(fake.batches.all).toHaveLength(1);
    },
  );

  story(
    "of which nobody can tell whether they were taken are in doubt, and not paid twice",
    async ({ fake, project }) => {
      project.write("flow.yaml", flow());
      fake.batches.breakNext("after");
      fake.batches.hideList();
      const run = await project.muster("run", "flow.yaml", "--run-id", "r");
      expect([run.code, run.stderr]).toEqual([1, expect.stringContaining("whether a batch was taken")]);
      expect((await project.muster("resume", "r")).code).toBe(1);
      expect(fake.batches.all).toHaveLength(1);
      // The person's word.
      expect((await project.muster("resume", "r", "--rerun", "sort")).code).toBe(0);
      expect(fake.batches.all).toHaveLength(2);
    },
  );

  story(
    "have each its own result: what failed or expired is handed in again, and nothing else",
    async ({ fake, project }) => {
      fake.batches.isHeld = true;
      project.write("flow.yaml", flow(", retry: { max_attempts: 2, delay: 1ms, on: [server, timeout] }"));
      let refusals = 0;
      fake.on("Sort b", () =>
        (refusals += 1) === 1 ? { kind: "fail", status: 500, type: "api_error", message: "sorry" } : "b at last",
      );
      const first = fake.batches.next();
      const run = project.start(["run", "flow.yaml", "--report", "report.json"]);
      const batch = await first;
      const second = fake.batches.next();
      const third = batch.entries.find(({ params }) => JSON.stringify(params.messages).includes("Sort c"));
      await batch.end({ [third?.custom_id ?? ""]: "expired" });
      const again = await second;
      expect(new Set(again.entries.map(({ params }) => params.messages[0]?.content))).toEqual(
        new Set(["Sort b", "Sort c"]),
      );
      await again.end();
      expect((await run.ended).code).toBe(0);
      expect(project.report().steps["sort"]?.results?.map(({ attempts }) => attempts)).toEqual([1, 2, 2, 1]);
      expect(project.report().outputs?.["sorted"]).toContain("b at last");
    },
  );

  story("that expired cost nothing, in the budget too", async ({ fake, project }) => {
    fake.batches.isHeld = true;
    project.write("flow.yaml", flow().replace("agents:", "limits: { budget: { usd: 1 } }\nagents:"));
    const taken = fake.batches.next();
    const run = project.start(["run", "flow.yaml", "--run-id", "r", "--report", "report.json"]);
    const batch = await taken;
    const third = batch.entries.find(({ params }) => JSON.stringify(params.messages).includes("Sort c"));
    await batch.end({ [third?.custom_id ?? ""]: "expired" });
    expect((await run.ended).code).toBe(1);
    const { cost_usd: cost, budget } = project.report() as unknown as {
      readonly cost_usd: number;
      readonly budget: readonly { readonly usd: { readonly spent: number } }[];
    };
    expect(cost).toBeGreaterThan(0);
    expect(budget[0]?.usd.spent).toBeCloseTo(cost, 8);
  });

  story("that failed for good are handed in anew by a resume of the failed run", async ({ fake, project }) => {
    project.write("flow.yaml", flow());
    const stop = fake.on("Sort b", { kind: "fail", status: 400, type: "invalid_request_error", message: "no" });
    expect((await project.muster("run", "flow.yaml", "--run-id", "r")).code).toBe(1);
    stop();
    expect((await project.muster("resume", "r")).code).toBe(0);
    expect(fake.batches.all.map(({ entries }) => entries.length)).toEqual([4, 1]);
  });

  story(
    "whose typed answer does not fit are repaired in another batch, after a crash too",
    async ({ fake, project }) => {
      fake.batches.isHeld = true;
      project.write("flow.yaml", flow(typed, "[a, b]"));
      fake.on("Sort", `{"n":1}`);
      fake.on("Sort b", `{"n":"one"}`);
      fake.on("does not fit", `{"n":2}`);
      const first = fake.batches.next();
      const run = project.start(["run", "flow.yaml", "--run-id", "r"]);
      const second = fake.batches.next();
      await (await first).end();
      const repair = await second;
      expect(repair.entries).toHaveLength(1);
      await run.shows("waits for batch msgbatch_fake_2 (1 request)");
      await run.crash();
      await repair.end();
      expect((await project.muster("resume", "r", "--report", "report.json")).code).toBe(0);
      expect(project.report().outputs).toEqual({ sorted: [{ n: 1 }, { n: 2 }] });
      expect([fake.batches.all.length, project.report().usage.calls]).toEqual([2, 3]);
    },
  );

  story("are stopped with the run, and with nothing less", async ({ fake, project }) => {
    fake.batches.isHeld = true;
    project.write("flow.yaml", flow());
    const run = project.start(["run", "flow.yaml", "--run-id", "r"]);
    await run.shows("waits for batch");
    expect((await project.muster("kill", "r")).code).toBe(0);
    expect((await run.ended).code).toBe(1);
    expect(fake.batches.all.map(({ status }) => status)).toEqual(["canceling"]);
    expect(fake.refusals).toEqual([]);
  });

  story("are stopped by a kill of a run whose runner is dead, too", async ({ fake, project }) => {
    fake.batches.isHeld = true;
    project.write("flow.yaml", flow());
    const run = project.start(["run", "flow.yaml", "--run-id", "r"]);
    await run.shows("waits for batch msgbatch_fake_1");
    await run.crash();
    const killed = await project.muster("kill", "r");
    expect(killed).toMatchObject({ code: 0 });
    expect(killed.stderr).toContain("the provider was asked to stop batch msgbatch_fake_1");
    expect(fake.batches.all.map(({ status }) => status)).toEqual(["canceling"]);
    expect(fake.refusals).toEqual([]);
  });

  story("are recorded, replayed and simulated as any other", async ({ fake, project }) => {
    project.write("flow.yaml", flow());
    expect((await project.muster("run", "flow.yaml", "--record", "tape.yaml")).code).toBe(0);
    const replayed = await project.start(["run", "flow.yaml", "--replay", "tape.yaml"], { ANTHROPIC_API_KEY: "" })
      .ended;
    expect(replayed.code).toBe(0);
    expect((await project.muster("run", "flow.yaml", "--simulate")).code).toBe(0);
    expect([fake.batches.all.length, fake.count()]).toEqual([1, 4]);
  });

  story("need an endpoint that has it: without one the failure says so", async ({ fake, project }) => {
    project.write("flow.yaml", flow());
    await fake.close();
    const run = await project.muster("run", "flow.yaml");
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining("connection refused")]);
  });
});
