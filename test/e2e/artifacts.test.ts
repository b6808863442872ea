import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";

const PIPELINE = `muster: 1
name: pipeline
steps:
  make:
    run: mkdir -p out && echo one > out/a.txt && echo two > out/b.txt && echo made >> log.txt
    writes: out
  check:
    workspace: isolated
    run: cat out/a.txt out/b.txt && ls
    reads: out/*.txt
  told:
    run: [cat]
    stdin: '{{ artifact "out/b.txt" }}'
  names:
    value: \${{ steps.make.artifacts["out/a.txt"] }}
outputs:
  checked: \${{ steps.check.output }}
  told: \${{ steps.told.output }}
  a: \${{ steps.names.output }}
`;

describe("artifacts", () => {
  story("go from the step that writes them to those that read them", async ({ project }) => {
    project.write("workflows/p.yaml", PIPELINE);
    const { code, stderr } = await project.muster("run", "workflows/p.yaml", "--report", "report.json");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const report = project.report();
    expect(report.outputs).toEqual({
      checked: "one\ntwo\nout",
      told: "two",
      a: { path: "out/a.txt", bytes: 4, sha256: expect.stringMatching(/^[0-9a-f]{64}$/), url: null },
    });
  });
});
