import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

const FLOW = `muster: 1
name: choice
models: { cheap: anthropic/claude-haiku-5-5, dear: anthropic/claude-opus-5-5 }
agents:
  router: { model: cheap }
  simple: { model: cheap, instructions: You do simple things. }
  expert: { model: dear, instructions: You do hard things. }
steps:
  route:
    for_each: [easy, hard]
    agent: router
    task: "Who does {{ item }}?"
    output: { type: object, properties: { who: { enum: [simple, expert] }, what: { type: string } }, required: [who, what] }
  work:
    for_each: \${{ steps.route.output }}
    agent: \${{ item.who }}
    task: "Do {{ item.what }}."
outputs: { done: "\${{ steps.work.output }}" }
`;

const route = (text: string): string =>
  JSON.stringify(text.includes("easy") ? { who: "simple", what: "easy" } : { who: "expert", what: "hard" });

describe("an agent that is chosen in the run", () => {
  story("is another one for each item; a crash in flight asks the same one again", async ({ fake, project }) => {
    project.write("flow.yaml", FLOW);
    fake.on("Who does", ({ text }) => route(text));
    const hard = fake.nextRequest("Do hard");
    const easy = fake.nextRequest("Do easy");
    const run = project.start(["run", "flow.yaml", "--run-id", "R", "--json"]);
    await (await easy).reply("easy is done");
    await run.shows('"type":"item.succeeded","step":"work","item":0');
    expect((await hard).request.body.model).toBe("claude-opus-5-5");
    await run.crash();
    const before = fake.count();
    fake.on("Do hard", "hard is done");
    const resumed = await project.muster("resume", "R", "--report", "report.json");
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(
      fake.requests.slice(before).map(({ body, text }) => [body.model, text.includes("You do hard things")]),
    ).toEqual([["claude-opus-5-5", true]]);
    expect(project.report().outputs).toEqual({ done: ["easy is done", "hard is done"] });
  });

  story("an edit of one agent runs only what that one did again", async ({ fake, project }) => {
    project.write("flow.yaml", FLOW.replace("outputs:", "  end: { run: [cat, none], needs: work }\noutputs:"));
    fake.on("Who does", ({ text }) => route(text));
    expect((await project.muster("run", "flow.yaml", "--run-id", "R")).code).toBe(1);
    const before = fake.count();
    project.edit("flow.yaml", "You do hard things", "You do hard things well");
    project.edit("flow.yaml", "run: [cat, none]", "run: [echo, hi]");
    expect((await project.muster("resume", "R")).code).toBe(0);
    expect(fake.requests.slice(before).map(({ text }) => text.trim().split("\n").at(-1))).toEqual(["Do hard."]);
  });
});
