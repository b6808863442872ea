import type { Claim } from "./claim.ts";
import type { Desk } from "./desk.ts";

const MODEL_MS = 2000;

/** Three research agents side by side, as the guide's "Real-World Example: Parallel Research Workflow" has them. */
export async function parallelClaim(desk: Desk): Promise<readonly Claim[]> {
  desk.delayMs = MODEL_MS;
  const oneByOne = await desk.run(research((step) => (step === 1 ? "" : `, needs: [competitor_${step - 1}]`)));
  const together = await desk.run(research(() => ""));
  desk.delayMs = 0;
  const ratio = oneByOne.duration_ms / together.duration_ms;
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
  return [
    {
      what: `three agents in parallel, a model that takes ${MODEL_MS / 1000} s`,
      said: "3x faster",
      measured: `${ratio.toFixed(2)}x faster`,
      before: seconds(oneByOne.duration_ms),
      after: seconds(together.duration_ms),
    },
  ];
}

function research(more: (step: number) => string): string {
  const steps = [1, 2, 3].map(
    (step) =>
      `  competitor_${step}: { agent: researcher, task: "Research the content strategy of competitor ${step}."${more(step)} }`,
  );
  return `muster: 1
name: research
agents: { researcher: { model: anthropic/claude-haiku-5-5 } }
steps:
${steps.join("\n")}
`;
}
