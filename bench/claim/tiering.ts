import { savedPercent, type Claim } from "./claim.ts";
import type { Desk, RunReport } from "./desk.ts";

/** Dollars for a million tokens of input; the guide counts nothing else. null = the price table's. */
interface Prices {
  readonly name: string;
  readonly said: string;
  readonly cheap: number | null;
  readonly strong: number | null;
}

const prices: readonly Prices[] = [
  { name: "the guide's prices ($0.25 and $3)", said: "64 % less", cheap: 0.25, strong: 3 },
  { name: "today's prices, output included", said: "", cheap: null, strong: null },
];

/** 10,000 tokens of the fake's. */
const INPUT_BYTES = 40_000;

/** "100 tasks x 10K tokens": all by the strong model, or the 70 simple ones by the cheap one. */
export async function tieringClaim(desk: Desk): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  for (const { name, said, cheap, strong } of prices) {
    const models = { cheap: model("claude-haiku-5-5", cheap), strong: model("claude-sonnet-5-5", strong) };
    const before = await desk.run(tasks(models, "strong"));
    const after = await desk.run(tasks(models, "cheap"));
    claims.push({
      what: `70 of 100 tasks of 10K tokens by the cheap model, ${name}`,
      said,
      measured: savedPercent(before.cost_usd, after.cost_usd),
      before: cost(before),
      after: cost(after),
    });
  }
  return claims;
}

function cost({ cost_usd: usd }: RunReport): string {
  return `$${usd.toFixed(3)}`;
}

function model(id: string, input: number | null): string {
  const price = input === null ? "" : `, price: { input: ${input}, output: 0 }`;
  return `{ model: anthropic/${id}${price} }`;
}

function tasks(models: { readonly cheap: string; readonly strong: string }, simple: "cheap" | "strong"): string {
  const list = (from: number, to: number): string =>
    `[${Array.from({ length: to - from }, (_, index) => from + index).join(", ")}]`;
  const text = "x".repeat(INPUT_BYTES - 14);
  return `muster: 1
name: tiers
inputs: { document: { type: string, default: ${text} } }
models: { cheap: ${models.cheap}, strong: ${models.strong} }
agents: { simple: { model: ${simple} }, complex: { model: strong } }
limits: { concurrency: 20 }
steps:
  simple: { for_each: ${list(0, 70)}, agent: simple, task: "Task {{ item }}. {{ inputs.document }}" }
  complex: { for_each: ${list(70, 100)}, agent: complex, task: "Task {{ item }}. {{ inputs.document }}" }
`;
}
