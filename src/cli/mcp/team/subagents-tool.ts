import { hasState, mayTake, openStore } from "../../../compose.ts";
import { planOfRun } from "../../../engine/local/read-run.ts";
import { stepPaths } from "../../../plan/step-paths.ts";
import { idsOfPath, stepOfChild } from "../../../run/attempt-key.ts";
import { systemClock } from "../../../util/clock.ts";
import { ActiveRuns } from "../../active-run.ts";
import { UsageError } from "../../exit-code.ts";
import { openForReading } from "../../find-run.ts";
import { activeRunJson } from "../../view/active-run.ts";
import type { McpHost, McpTool } from "../host.ts";

/** `muster ps` and `muster kill`. */
export function subagentsTool(host: McpHost): McpTool {
  return {
    name: "subagents",
    title: "Look after agents at work",
    description:
      "Lists what is at work in this project, with all agents that agents have started, at every depth; or stops a run, a step or one agent of it.",
    properties: {
      action: { enum: ["list", "kill"] },
      target: { type: "string", description: "For `kill`: RUN, or RUN and a path: `RUN/answer/worker@2.1`" },
    },
    required: ["action"],
    isReadOnly: false,
    async call(given) {
      const { action, target } = given as { readonly action: "list" | "kill"; readonly target?: string };
      if (action === "list") return list(host);
      if (target === undefined) throw new UsageError("say whom: `target` is a run, or a run and a path");
      return kill(host, target);
    },
  };
}

function list({ project }: McpHost): { readonly runs: readonly unknown[] } {
  if (!hasState(project)) return { runs: [] };
  const store = openForReading(project);
  try {
    return { runs: new ActiveRuns(store).look().map((one) => activeRunJson(one, systemClock.now())) };
  } finally {
    store.close();
  }
}

function kill({ project }: McpHost, target: string): { readonly told: string } {
  const [runId = "", ...path] = target.split("/");
  const step = path.length === 0 ? null : path.join("/");
  const store = openStore(project, { readOnly: false });
  try {
    const run = store.findRun(runId);
    if (run === null) throw new UsageError(`there is no run ${runId}`);
    // Only who runs it can stop it: whatever is left of a dead runner is a person's affair.
    if (run.lease === null || mayTake(systemClock)(run.lease))
      throw new UsageError(
        `nobody runs ${runId} now: a person goes on with it, or ends it, with muster resume and muster kill`,
      );
    const plan = planOfRun(store, runId);
    if (step !== null && (plan === null || !stepPaths(plan).includes(idsOfPath(stepOfChild(step)))))
      throw new UsageError(`run ${runId} has no step '${step}'`);
    store.post(runId, { at: systemClock.now(), kind: "kill", body: { step } });
    return { told: `the runner stops ${step ?? runId}` };
  } finally {
    store.close();
  }
}
