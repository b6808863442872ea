import type { FakeRequest } from "../fake-anthropic/fake-anthropic.ts";
import type { Project } from "../muster/project.ts";
import { sha256 } from "../../../src/util/digest.ts";

/** Every shape of work in one workflow: a map with a repair, a retry, groups, rounds, a sub-workflow, an effect, a person. */
export const KILLED = `
muster: 1
name: killed
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
limits: { concurrency: 4 }
steps:
  map:
    for_each: [ant, bee, cat, dog, eel]
    max_parallel: 3
    agent: writer
    task: Map {{ item }}.
    output: { type: object, properties: { said: { type: string } }, required: [said] }
  flaky:
    agent: writer
    task: Flaky work.
    retry: { max_attempts: 2, backoff: fixed, delay: 1ms }
  group:
    for_each: [fox, gnu]
    steps:
      draft: { agent: writer, task: "Draft {{ item }}." }
      edit: { agent: writer, task: "Edit {{ steps.draft.output }}." }
    outputs: { text: "\${{ steps.edit.output }}" }
  loop:
    agent: writer
    task: Round after {{ previous.n }}.
    output: { type: object, properties: { n: { type: integer }, said: { type: string } }, required: [n, said] }
    repeat: { until: output.n == 3, max: 5 }
  child:
    uses: ./child.yaml
    with: { topic: hare }
  look: { run: [printf, facts], idempotent: true }
  pay: { run: echo paid >> paid.txt }
  ok: { approval: { prompt: "Tell of {{ steps.loop.output.said }}?" } }
  report:
    needs: [pay, ok]
    agent: writer
    task: "Report {{ json steps.map.output }} {{ steps.flaky.output }} {{ json steps.group.output }} {{ steps.loop.output.said }} {{ steps.child.output.text }} {{ steps.look.output }}."
outputs: { report: "\${{ steps.report.output }}" }
`;

export const CHILD = `
muster: 1
name: child
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
inputs: { topic: { type: string } }
steps:
  plan: { agent: writer, task: "Plan {{ inputs.topic }}." }
  write: { agent: writer, task: "Write {{ steps.plan.output }}." }
outputs: { text: "\${{ steps.write.output }}" }
`;

/** Calls of a run that nothing kills: 5 + a repair, 2, 4, 3, 2, 1. */
export const CALLS = 18;

/** What a call asks for: equal for a call and its repetition, different for the attempts of "Flaky work". */
export type Identity = string;

/** The mark that the answer to a call carries, and by which it is found on the record. */
export const markOf = (identity: Identity): string => `mark-${sha256(identity).slice(0, 12)}`;

/** Every fact of the project's only run, as one text; "" when there is no run. */
export function recordOf(project: Project): string {
  if (!project.has(".muster/state.db")) return "";
  return project.inStore((store) =>
    JSON.stringify(store.listRuns().flatMap(({ runId }) => [...store.readFacts(runId)])),
  );
}

/** What a request asks for. */
export function identityOf({ text }: FakeRequest, project: Project): Identity {
  const asked = text.trim();
  if (!asked.startsWith("Flaky")) return asked;
  return recordOf(project).includes(markOf("flaky 1")) ? "flaky 2" : "flaky 1";
}

/** Answers every call with its mark: equal calls get equal answers. */
export function answerOf(identity: Identity) {
  const said = markOf(identity);
  if (identity === "flaky 1") return { kind: "fail", status: 500, type: "api_error", message: said } as const;
  if (identity.startsWith("Map")) {
    const isRepaired = identity.includes("does not fit");
    return identity.startsWith("Map cat") && !isRepaired ? JSON.stringify({ wrong: said }) : JSON.stringify({ said });
  }
  const round = /^Round after (\d*)/.exec(identity);
  if (round !== null) return JSON.stringify({ n: Number(round[1]) + 1, said });
  return said;
}
