import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

const FLOW = `
muster: 1
name: long
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
steps:
  draft: { for_each: [ant, bee, cat, dog, eel, fox], agent: writer, task: "Draft {{ item }}" }
  edit: { agent: writer, task: "Edit {{ json steps.draft.output }}" }
outputs: { text: "\${{ steps.edit.output }}" }
`;

interface Finding {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly help: string | null;
}

describe("a damaged state", () => {
  story("damage, doctor, --repair, resume: what is whole is not paid again", async ({ fake, project }) => {
    const doctor = async (...args: string[]): Promise<Finding[]> => {
      const { findings } = JSON.parse((await project.muster("doctor", "--json", ...args)).stdout) as {
        readonly findings: Finding[];
      };
      return findings.filter(({ name }) => ["state", "repair", "lost"].includes(name));
    };
    project.write("flow.yaml", FLOW);
    fake.on("Draft ", ({ text }) => `A draft of ${text.trim().slice(6)}`);
    const edit = fake.nextRequest("Edit ");
    const run = project.start(["run", "flow.yaml", "--run-id", "r"]);
    await edit;
    await run.crash();
    expect(fake.count("Draft ")).toBe(6);

    // One answer is overwritten on the disk.
    project.inStore((store) => store.lastSeq("r"));
    const path = join(project.folder, ".muster/state.db");
    const bytes = readFileSync(path, "latin1");
    expect(bytes).toContain("A draft of cat");
    writeFileSync(path, bytes.replaceAll("A draft of cat", "A draft of car"), "latin1");

    const refused = await project.muster("resume", "r");
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("save what is whole with 'muster doctor --repair'");
    expect(await doctor()).toContainEqual(
      expect.objectContaining({
        status: "fail",
        help: "'muster doctor --repair' saves what is whole, keeps the damaged file beside it, and says what is lost",
      }),
    );

    const repaired = await doctor("--repair");
    expect(repaired[0]).toMatchObject({ name: "repair", message: expect.stringContaining("1 run is in a new file") });
    expect(repaired.filter(({ name }) => name === "lost").map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^run r: \d of its \d+ outcomes are lost.*a resume does that work again$/),
    );
    expect(repaired.at(-1)).toMatchObject({ status: "ok", message: expect.stringContaining("every row is whole") });
    expect(readdirSync(join(project.folder, ".muster")).some((name) => name.startsWith("state.db.damaged-"))).toBe(
      true,
    );

    fake.on("Edit ", "The end.");
    expect(await project.muster("resume", "r", "--report", "report.json")).toMatchObject({ code: 0 });
    expect([fake.count("Draft "), fake.count("Draft cat"), project.report().outputs]).toEqual([
      7,
      2,
      { text: "The end." },
    ]);
  });

  story("a file that was cut is saved as far as it goes", async ({ fake, project }) => {
    project.write("flow.yaml", FLOW);
    fake.on(/./, "Said.");
    expect((await project.muster("run", "flow.yaml", "--run-id", "r")).code).toBe(0);
    const path = join(project.folder, ".muster/state.db");
    truncateSync(path, readFileSync(path).length - 4096);
    const { stdout, code } = await project.muster("doctor", "--repair");
    expect(stdout).toContain("the state was damaged");
    expect(stdout).toContain("is kept as state.db.damaged-");
    expect(code).toBe(0);
    expect((await project.muster("runs")).code).toBe(0);
  });
});
