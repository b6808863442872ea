import { savedPercent, type Claim } from "./claim.ts";
import type { Desk, RunReport } from "./desk.ts";

/** 1,000 tokens of the fake's. */
const INSTRUCTION_BYTES = 4000;

/** "10 agents processing 10 items each" in place of 100 agents. */
export async function batchingClaim(desk: Desk): Promise<readonly Claim[]> {
  const before = await desk.run(items('task: "Process this item: {{ item }}"'));
  const after = await desk.run(
    items(
      'batch: 10, task: "Process each item in this list of 10: {{ json items }}", output: { type: array, items: { type: string } }',
    ),
  );
  const claim = (what: string, said: string, figure: (report: RunReport) => number): Claim => ({
    what,
    said,
    measured: savedPercent(figure(before), figure(after)),
    before: figure(before).toLocaleString("en-US"),
    after: figure(after).toLocaleString("en-US"),
  });
  return [
    claim("100 items by 10: calls", "90 % less", ({ usage }) => usage.calls),
    claim("100 items by 10: tokens of instructions that are sent again", "90 % less", instructionTokens),
    claim(
      "100 items by 10: all tokens of input",
      "",
      (report) => report.usage.input_tokens + instructionTokens(report),
    ),
  ];
}

/** Instructions go into the cache, and come from it. */
function instructionTokens({ usage }: RunReport): number {
  return usage.cache_read_tokens + usage.cache_write_tokens;
}

function items(step: string): string {
  const list = Array.from({ length: 100 }, (_, index) => `item ${index}`);
  return `muster: 1
name: batches
agents:
  worker: { model: anthropic/claude-haiku-5-5, instructions: "${"Be careful. ".padEnd(INSTRUCTION_BYTES, "x")}" }
limits: { concurrency: 20 }
steps:
  work: { for_each: ${JSON.stringify(list)}, agent: worker, ${step} }
`;
}
