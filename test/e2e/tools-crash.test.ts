import { execFileSync } from "node:child_process";
import { describe, expect } from "vitest";
import { toolReply, type Answer } from "../rig/fake-model/answer.ts";
import { story } from "../rig/muster/e2e.ts";

const head = `
muster: 1
name: desk
models: { fast: anthropic/claude-haiku-5-5 }
`;

describe("kill -9 in the middle of a conversation with tools", () => {
  story(
    "in turn three: two replies and their tools stand, only the third is asked for again",
    async ({ fake, project }) => {
      project.write("a.txt", "one");
      project.write(
        "flow.yaml",
        `${head}
agents:
  writer: { model: fast, tools: [read_file, write_file], permissions: { files: write } }
steps:
  work: { agent: writer, task: Mend it }
outputs: { said: "\${{ steps.work.output }}" }`,
      );
      const turns: (Answer | string)[] = [
        toolReply(["read_file", { path: "a.txt" }]),
        toolReply(["write_file", { path: "a.txt", content: "two" }], ["write_file", { path: "b.txt", content: "new" }]),
      ];
      fake.on(
        (request) => request.number <= 2,
        (request) => turns[request.number - 1] as Answer,
      );
      const held = fake.nextRequest((request) => request.number === 3);
      const run = project.start(["run", "flow.yaml"]);
      const third = await held;
      expect((await run.crash()).signal).toBe("SIGKILL");
      await third.closed;
      expect([project.read("a.txt"), project.read("b.txt")]).toEqual(["two", "new"]);

      // What the tools did is not done again.
      project.write("b.txt", "edited by hand");
      fake.on((request) => request.number === 4, "done");
      const resumed = await project.muster("resume", "--report", "report.json");
      expect(resumed).toMatchObject({ code: 0, stdout: "done\n" });
      expect(fake.count()).toBe(4);
      expect(fake.requests[3]?.body).toEqual(fake.requests[2]?.body);
      expect(project.read("b.txt")).toBe("edited by hand");
      expect(project.report().usage.calls).toBe(3);
    },
  );

  story(
    "in a command: nobody knows what it did, so it is not repeated until a person says so",
    async ({ fake, project }) => {
      project.write(
        "flow.yaml",
        `${head}
agents:
  worker: { model: fast, tools: [shell], permissions: { files: write, shell: any } }
steps:
  work: { agent: worker, task: Deploy it }`,
      );
      fake.on(
        (request) => request.number === 1,
        toolReply([
          "shell",
          { command: `echo x >> deployed; setsid sleep 617.${process.pid} & sleep 617.${process.pid}` },
        ]),
      );
      const run = project.start(["run", "flow.yaml"]);
      await project.appears("deployed");
      await run.crash();

      const resumed = await project.muster("resume", "--report", "report.json");
      expect(resumed.code).toBe(1);
      expect(project.report().steps["work"]?.error).toMatchObject({ code: "outcome_unknown" });
      expect(fake.count()).toBe(1);
      expect(project.read("deployed")).toBe("x\n");
      // The kernel ended the command with its runner.
      const left = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
      expect(left).not.toContain(`sleep 617.${process.pid}`);
      // Again the same without a word of a person.
      expect((await project.muster("resume")).code).toBe(1);
      expect(fake.count()).toBe(1);

      fake.on((request) => request.number === 2, toolReply(["shell", { command: "echo y >> deployed" }]));
      fake.on((request) => request.number === 3, "deployed");
      expect((await project.muster("resume", "--rerun", "work")).code).toBe(0);
      expect(project.read("deployed")).toBe("x\ny\n");
    },
  );

  story("in a folder of its own: what was made there is still there", async ({ fake, project }) => {
    project.write(
      "flow.yaml",
      `${head}
agents:
  writer: { model: fast, tools: [read_file, write_file], permissions: { files: write } }
steps:
  work: { agent: writer, task: Write it, workspace: isolated }
outputs: { said: "\${{ steps.work.output }}" }`,
    );
    fake.on((request) => request.number === 1, toolReply(["write_file", { path: "a.txt", content: "one" }]));
    const held = fake.nextRequest((request) => request.number === 2);
    const run = project.start(["run", "flow.yaml"]);
    await held;
    await run.crash();

    fake.on((request) => request.number === 3, toolReply(["read_file", { path: "a.txt" }]));
    fake.on(
      (request) => request.number === 4,
      ({ body }) => JSON.stringify(body.messages.at(-1)?.content),
    );
    const resumed = await project.muster("resume");
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain(`"content":"one"`);
  });

  story("a failure in turn two: a resume of the failed run goes on there", async ({ fake, project }) => {
    project.write("a.txt", "one");
    project.write(
      "flow.yaml",
      `${head}
agents:
  reader: { model: fast, tools: [read_file], permissions: { files: read }, max_turns: 2 }
steps:
  work: { agent: reader, task: Read it }
outputs: { said: "\${{ steps.work.output }}" }`,
    );
    const read = toolReply(["read_file", { path: "a.txt" }]);
    fake.on(
      (request) => request.number <= 2,
      () => read,
    );
    const run = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect(run.code).toBe(1);
    expect(project.report().steps["work"]?.error).toMatchObject({ class: "tool", code: "max_turns" });

    project.edit("flow.yaml", "max_turns: 2", "max_turns: 3");
    fake.on((request) => request.number === 3, "done");
    expect(await project.muster("resume")).toMatchObject({ code: 0, stdout: "done\n" });
    expect(fake.count()).toBe(3);
  });
});
