import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import picocolors from "picocolors";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import * as fmt from "../../../src/cli/commands/fmt.ts";
import * as init from "../../../src/cli/commands/init.ts";
import * as tests from "../../../src/cli/commands/test.ts";
import * as validate from "../../../src/cli/commands/validate.ts";
import { listTemplates } from "../../../src/cli/template.ts";
import type { Terminal } from "../../../src/cli/terminal.ts";

/** A folder, and what commands print in it. */
function emptyProject() {
  const cwd = mkdtempSync(join(tmpdir(), "muster-init-"));
  const color = picocolors.createColors(false);
  const said = { out: "", err: "" };
  const terminal: Terminal = {
    cwd,
    env: {},
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    color,
    outColor: color,
    screen: null,
    keyboard: null,
  };
  const read = (path: string): string => readFileSync(join(cwd, path), "utf8");
  return { cwd, terminal, said, read, close: () => rmSync(cwd, { recursive: true }) };
}

describe("muster init", () => {
  it.each(listTemplates().map(({ name }) => name))(
    "%s writes a workflow that is valid by the policy beside it, with tests that pass",
    async (name) => {
      const project = emptyProject();
      const { terminal, said } = project;
      try {
        expect(await init.run(terminal, [name], {})).toBe(0);
        expect(await validate.run(terminal, [], { format: "text" })).toBe(0);
        expect(said.err).toMatch(/^\d+ workflows? valid\n$/);
        said.err = "";
        expect([await fmt.run(terminal, [], { check: true }), said.out]).toEqual([
          0,
          expect.not.stringContaining("would change"),
        ]);
        said.err = "";
        expect([await tests.run(terminal, [], { coverage: true }), said.out]).toEqual([0, expect.anything()]);
        const [, passed] = /^(\d+) passed, 0 failed\n$/.exec(said.err) ?? [];
        expect(Number(passed)).toBeGreaterThanOrEqual(1);
        // Its files are those of a project that has some.
        if (name !== "map-reduce") expect(said.out).not.toMatch(/never ran: (?!.*\/)/);

        const manifest = project.read(`workflows/${name}.yaml`);
        for (const path of [`workflows/${name}.test.yaml`, "muster-policy.yaml", ".github/workflows/muster.yaml"])
          expect([path, existsSync(join(project.cwd, path))]).toEqual([path, true]);
        expect(manifest).not.toContain("workflows/patterns");
        const { secrets = [] } = parse(manifest) as { secrets?: string[] };
        for (const secret of secrets)
          expect(project.read(".github/workflows/muster.yaml")).toContain(
            `          ${secret}: \${{ secrets.${secret} }}\n`,
          );
      } finally {
        project.close();
      }
    },
  );
});
