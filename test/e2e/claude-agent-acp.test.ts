import { describe, expect } from "vitest";
import { startLenientModel } from "../rig/fake-acp/lenient-model.ts";
import { realProgram } from "../rig/real-program.ts";
import { story } from "../rig/muster/e2e.ts";

const program = realProgram("@agentclientprotocol/claude-agent-acp", "claude-agent-acp");

describe.skipIf(program === null)("a real coding agent over ACP", () => {
  story(
    "answers a task with what its model says",
    async ({ project }) => {
      const model = await startLenientModel("Rhubarb");
      project.write(
        "flow.yaml",
        `
muster: 1
name: real
agents:
  coder:
    acp: { command: [${JSON.stringify(process.execPath)}, ${JSON.stringify(program?.path)}], mode: default }
    env: { ANTHROPIC_API_KEY: not-a-real-key-000, ANTHROPIC_BASE_URL: "${model.url}", CLAUDE_CONFIG_DIR: "${project.folder}/claude", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" }
steps: { x: { agent: coder, task: Say the word, timeout: 2m } }
outputs: { x: "\${{ steps.x.output }}" }
`,
      );
      const ran = await project.muster("run", "flow.yaml", "--report", "report.json");
      expect([ran.stdout, project.report().error]).toEqual(["Rhubarb\n", null]);
      expect(project.report().steps["x"]).toMatchObject({ status: "succeeded", model: "acp/coder" });
      expect(model.asked.some((body) => body.includes("Say the word"))).toBe(true);
      model.close();
    },
    180_000,
  );
});
