import type { Problems } from "../problems.ts";
import { workOnFiles } from "../agent-tools.ts";
import { teamOfStep } from "../team.ts";
import type { Plan, PlannedScope } from "../types.ts";
import type { ParsedStep } from "./parse-templates.ts";

/** Reports steps that say where their agent works, or what it leaves behind, when none of their agents touches a file. */
export function checkAgentFiles(
  steps: readonly ParsedStep[],
  scope: PlannedScope,
  agents: Plan["agents"],
  problems: Problems,
): void {
  for (const [index, step] of scope.steps.entries()) {
    if (step.body.kind !== "agent") continue;
    const touchesFiles = teamOfStep({ agents }, step).some((name) => {
      const { tools, driver } = agents[name] ?? {};
      return driver !== undefined || (tools !== undefined && workOnFiles(tools));
    });
    if (touchesFiles) continue;
    const written = (key: string): readonly (string | number)[] => [...(steps[index]?.step.pointer ?? []), key];
    const say = (key: string, help: string): void =>
      problems.error(written(key), {
        code: "WF2015",
        message: `'${key}' has no meaning for step '${step.id}', whose agent has no tools for files`,
        help,
        piece: "key",
      });
    if (step.workspace !== "repo") say("workspace", "take it out, or give the agent `tools: [read_file]`");
    if (step.files !== undefined && step.files.writes.length > 0) {
      say(
        "writes",
        "give the agent `tools: [write_file]`, or let a `run` step write its output: `stdin: ${{ steps.ID.output }}`",
      );
    }
  }
}
