import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect } from "vitest";
import { startLenientModel, type LenientAnswer, type LenientRequest } from "../rig/fake-acp/lenient-model.ts";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";
import { realProgram } from "../rig/real-program.ts";

const program = realProgram("opencode-ai", "opencode");

/** A workflow whose agent is opencode, with a model server of the test and a home of its own. */
function write(project: Project, url: string, permissions: string): void {
  const config = {
    model: "anthropic/claude-sonnet-4-5",
    small_model: "anthropic/claude-sonnet-4-5",
    autoupdate: false,
    share: "disabled",
    provider: { anthropic: { options: { baseURL: `${url}/v1`, apiKey: "not-a-real-key-000" } } },
    permission: { edit: "ask", bash: "ask" },
  };
  const home = `${project.folder}/home`;
  project.write("opencode.config.json", JSON.stringify(config));
  project.write(
    "flow.yaml",
    `muster: 1
name: real
agents:
  coder:
    acp: { command: [${JSON.stringify(program?.path)}, acp] }
    permissions: ${permissions}
    env:
      HOME: ${home}
      XDG_CONFIG_HOME: ${home}/config
      XDG_DATA_HOME: ${home}/data
      XDG_CACHE_HOME: ${home}/cache
      XDG_STATE_HOME: ${home}/state
      OPENCODE_CONFIG: ${project.folder}/opencode.config.json
      OPENCODE_DISABLE_AUTOUPDATE: "1"
      OPENCODE_DISABLE_MODELS_FETCH: "1"
      OPENCODE_DISABLE_LSP_DOWNLOAD: "1"
      OPENCODE_DISABLE_DEFAULT_PLUGINS: "1"
steps: { x: { agent: coder, task: Write the note, timeout: 3m }, y: { agent: coder, task: Run it, timeout: 3m, needs: x } }
outputs: { x: "\${{ steps.x.output }}" }
`,
  );
}

describe.skipIf(program === null)("opencode over ACP", () => {
  story(
    "does what it asks for within its permissions, nothing else, and tells its use and cost",
    async ({ project }) => {
      const model = await startLenientModel(({ tools, results, body }: LenientRequest): LenientAnswer => {
        if (tools.length === 0) return "A title";
        if (results > 0) return "Rhubarb";
        return body.includes("Run it")
          ? { tool: "bash", input: { command: "touch owned.txt", description: "Touches a file" } }
          : { tool: "write", input: { filePath: `${project.folder}/note.txt`, content: "made by opencode\n" } };
      });
      write(project, model.url, "{ files: write }");
      const ran = await project.muster("run", "flow.yaml", "--report", "report.json", "--json");
      expect([ran.code, project.report().error]).toEqual([0, null]);
      expect(project.report().outputs).toEqual({ x: "Rhubarb" });
      expect(project.read("note.txt")).toBe("made by opencode\n");
      expect(project.has("owned.txt")).toBe(false);
      expect(ran.stdout).toMatch(
        /"type":"tool.denied".*a script may start any program|`permissions.shell` allows no programs/,
      );
      const { usage, cost_usd: cost } = project.report();
      expect(usage).toMatchObject({ calls: 2 });
      expect([usage.input_tokens > 0, (cost ?? 0) > 0]).toEqual([true, true]);
      model.close();
    },
    240_000,
  );

  story(
    "is ended, with all that it started, when its run is killed in the middle of a prompt",
    async ({ project }) => {
      const told = new PassThrough();
      const model = await startLenientModel(({ tools }: LenientRequest) => {
        if (tools.length > 0) told.write("asked");
        return tools.length > 0 ? null : "A title";
      });
      write(project, model.url, "{ files: write }");
      const run = project.start(["run", "flow.yaml", "--run-id", "r1", "--report", "report.json"]);
      await once(told, "data");
      expect((await project.muster("kill", "r1")).code).toBe(0);
      expect((await run.ended).code).toBe(1);
      expect(project.report().steps["x"]).toMatchObject({ status: "cancelled" });
      const running = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
      const mine = running.filter((line) => line.includes(`${program?.path ?? ""} acp`));
      const ours = mine.filter((line) => environmentOf(line.trim().split(" ")[0] ?? "").includes(project.folder));
      expect(ours).toEqual([]);
      model.close();
    },
    240_000,
  );
});

function environmentOf(pid: string): string {
  try {
    return execFileSync("cat", [`/proc/${pid}/environ`], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return "";
  }
}
