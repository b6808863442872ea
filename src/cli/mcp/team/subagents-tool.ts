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

/** `muster ps`, `muster steer` and `muster kill`. */
export function subagentsTool(host: McpHost): McpTool {
  return {
    name: "subagents",
    title: "Look after agents at work",
    description:
      "Lists what is at work in this project, with all agents that agents have started, at every depth; says something to one before its next turn; or stops a run, a step or one agent of it.",
    properties: {
      action: { enum: ["list", "steer", "kill"] },
      target: {
        type: "string",
        description: "For `steer` and `kill`: RUN, or RUN and a path: `RUN/answer/worker@2.1`",
      },
      message: { type: "string", description: "For `steer`: what to say" },
    },
    required: ["action"],
    isReadOnly: false,
    async call(given) {
      const { action, target, message } = given as {
        readonly action: "list" | "steer" | "kill";
        readonly target?: string;
        readonly message?: string;
      };
      if (action === "list") return list(host);
      if (target === undefined) throw new UsageError("say whom: `target` is a run, or a run and a path");
      if (action === "kill") return post(host, target, null);
      if (message === undefined || message.trim() === "") throw new UsageError("say what: `message`");
      return post(host, target, message);
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

/** A row in the inbox of a run, which its runner reads; `message` null = it stops. */
function post({ project }: McpHost, target: string, message: string | null): { readonly told: string } {
  const [runId = "", ...path] = target.split("/");
  const step = path.length === 0 ? null : path.join("/");
  const store = openStore(project, { readOnly: false });
  try {
    const run = store.findRun(runId);
    if (run === null) throw new UsageError(`there is no run ${runId}`);
    // Only who runs it hears it: whatever is left of a dead runner is a person's affair.
    if (run.lease === null || mayTake(systemClock)(run.lease))
      throw new UsageError(
        `nobody runs ${runId} now: a person goes on with it, or ends it, with muster resume and muster kill`,
      );
    const plan = planOfRun(store, runId);
    if (step !== null && (plan === null || !stepPaths(plan).includes(idsOfPath(stepOfChild(step)))))
      throw new UsageError(`run ${runId} has no step '${step}'`);
    const at = systemClock.now();
    if (message === null) store.post(runId, { at, kind: "kill", body: { step } });
    else store.post(runId, { at, kind: "steer", body: { step, message } });
    const whom = step ?? runId;
    return {
      told: message === null ? `the runner stops ${whom}` : `the runner says it to ${whom} before its next turn`,
    };
  } finally {
    store.close();
  }
}
