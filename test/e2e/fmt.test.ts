import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

const MESSY = `steps:
  b: { run: [echo, hi], depends_on: [a] }
  a: { run: [echo, hi] }
name: messy
muster: 1
`;

describe("muster fmt", () => {
  story("checks, writes, and then has nothing left to do", async ({ project }) => {
    project.write("workflows/messy.yaml", MESSY);
    expect(await project.muster("fmt", "--check")).toMatchObject({
      code: 3,
      stdout: expect.stringContaining("would change  workflows/messy.yaml\n") as unknown,
      stderr: "1 of 1 workflow would change\n",
    });
    expect(project.read("workflows/messy.yaml")).toBe(MESSY);

    expect(await project.muster("fmt", "--fix")).toMatchObject({ code: 0, stderr: "1 of 1 workflow changed\n" });
    expect(project.read("workflows/messy.yaml")).toBe(`muster: 1
name: messy
steps:
  b: { needs: [a], run: [echo, hi] }
  a: { run: [echo, hi] }
`);
    expect((await project.muster("fmt", "--check")).code).toBe(0);
    expect((await project.muster("validate")).code).toBe(0);
  });

  story("a file that is no YAML is told, is left alone, and does not hold up the others", async ({ project }) => {
    project.write("workflows/bad.yaml", "muster: [\n");
    project.write("workflows/messy.yaml", MESSY);
    const { code, stdout, stderr } = await project.muster("fmt", "--json");
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      files: [
        { file: "workflows/bad.yaml", status: "invalid" },
        { file: "workflows/messy.yaml", status: "changed", foreign: ["steps.b.depends_on"] },
      ],
    });
    expect(stderr).toContain("workflows/bad.yaml:2:1 error WF1001");
    expect(project.read("workflows/bad.yaml")).toBe("muster: [\n");
  });
});
