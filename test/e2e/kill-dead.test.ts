import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

const flow = `
muster: 1
name: tidied
steps:
  made: { run: "echo made >> made.log; echo thing-7" }
  ok: { needs: made, approval: { prompt: "Go?" } }
  go: { needs: ok, run: "echo went >> went.log" }
  beside: { needs: made, value: "\${{ steps.made.output }}" }
finally:
  tidy:
    run: "echo tidied $SAW >> tidy.log"
    env: { SAW: "{{ steps.made.output }} {{ steps.ok.status }} {{ steps.go.status }}" }
`;

describe("muster kill of a run that nobody runs", () => {
  story("runs `finally`, which sees what was done before, and nothing else", async ({ project }) => {
    project.write("flow.yaml", flow);
    expect((await project.muster("run", "flow.yaml", "--run-id", "R")).code).toBe(4);
    const killed = await project.muster("kill", "R");
    expect(killed.stderr).toContain("R is cancelled; nobody was running it, so its 'finally' ran here\n");
    expect(killed).toMatchObject({ code: 0, stdout: "" });
    expect(project.read("tidy.log")).toBe("tidied thing-7 cancelled cancelled\n");
    expect(project.read("made.log")).toBe("made\n");
    expect(project.has("went.log")).toBe(false);
    const shown = JSON.parse((await project.muster("show", "R", "--json")).stdout) as unknown;
    expect(shown).toMatchObject({
      status: "cancelled",
      steps: {
        made: { status: "succeeded", output: "thing-7" },
        ok: { status: "cancelled" },
        go: { status: "cancelled" },
        tidy: { status: "succeeded", attempts: 1 },
      },
    });
    expect((await project.muster("resume", "R")).stderr).toContain("was cancelled: there is nothing to resume");
    expect((await project.muster("kill", "R")).stderr).toContain("run R is over");
  });

  story("goes by the plan that it ran with, whatever became of the file", async ({ project }) => {
    project.write("flow.yaml", flow);
    await project.muster("run", "flow.yaml", "--run-id", "R");
    project.write("flow.yaml", "no: workflow\n");
    expect((await project.muster("kill", "R")).code).toBe(0);
    expect(project.read("tidy.log")).toContain("tidied thing-7");
  });

  story("after kill -9: what was in flight is not started again", async ({ project }) => {
    project.write(
      "flow.yaml",
      `
muster: 1
name: k
limits: { concurrency: 1 }
steps:
  a: { run: "echo a >> a.log" }
  long: { needs: a, run: "echo long >> long.log; sleep 60" }
finally: { f: { run: "echo $SAW >> fin.log", env: { SAW: "{{ steps.a.status }} {{ steps.long.status }}" } } }
`,
    );
    const run = project.start(["run", "flow.yaml", "--run-id", "R"]);
    await project.appears("long.log");
    await run.crash();
    expect((await project.muster("kill", "R")).code).toBe(0);
    expect(project.read("fin.log")).toBe("succeeded cancelled\n");
    expect(project.read("a.log")).toBe("a\n");
    expect(project.read("long.log")).toBe("long\n");
  });

  story("says why where `finally` cannot run", async ({ project }) => {
    project.write("flow.yaml", flow.replace("name: tidied", "name: tidied\nsecrets: [TOKEN]"));
    expect((await project.muster("run", "flow.yaml", "--run-id", "R")).code).toBe(2);
    project.env["TOKEN"] = "a-secret-word";
    expect((await project.muster("run", "flow.yaml", "--run-id", "S")).code).toBe(4);
    delete project.env["TOKEN"];
    expect((await project.muster("kill", "S")).stderr).toContain(
      "S is cancelled; nobody was running it; its 'finally' did not run: secret TOKEN is not set",
    );
    expect(project.has("tidy.log")).toBe(false);
  });
});

describe("muster show", () => {
  story("tells what `finally` did in a run that was killed while it lived", async ({ project }) => {
    project.write(
      "flow.yaml",
      `
muster: 1
name: k
steps: { long: { run: "echo > started; sleep 60" }, after: { needs: long, run: "true" } }
finally: { f: { run: "echo fin" } }
`,
    );
    const run = project.start(["run", "flow.yaml", "--run-id", "R"]);
    await project.appears("started");
    expect((await project.muster("kill", "R")).code).toBe(0);
    expect((await run.ended).code).toBe(1);
    expect(JSON.parse((await project.muster("show", "R", "--json")).stdout)).toMatchObject({
      status: "cancelled",
      error: { class: "cancelled", code: "killed" },
      steps: {
        long: { status: "cancelled" },
        after: { status: "cancelled" },
        f: { status: "succeeded", attempts: 1, output: "fin" },
      },
    });
  });

  story("does not tell that a step runs which was never begun", async ({ project }) => {
    project.write(
      "flow.yaml",
      `
muster: 1
name: parts
steps: { part: { run: "test -f ready" }, sum: { needs: part, run: "echo sum" } }
`,
    );
    expect((await project.muster("run", "flow.yaml", "--run-id", "R")).code).toBe(1);
    project.write("ready", "");
    const [letter] = JSON.parse((await project.muster("dead-letters", "list", "--json")).stdout) as { id: string }[];
    expect((await project.muster("dead-letters", "retry", letter?.id ?? "")).code).toBe(0);
    expect(JSON.parse((await project.muster("show", "R", "--json")).stdout)).toMatchObject({
      status: "interrupted",
      steps: { part: { status: "succeeded" }, sum: { status: "pending", attempts: 0 } },
    });
  });
});
