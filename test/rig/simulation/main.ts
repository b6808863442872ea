// A process of its own: `node main.ts FROM COUNT` tells the stories of so many seeds and prints a line of JSON: what came up,
// and each seed in which a rule was broken. `node main.ts SEED` tells one, for whoever looks for the reason.
import { createEvaluator } from "../../../src/expression/evaluate.ts";
import { createSchemaCheck } from "../../../src/util/schema-check.ts";
import { drawOf } from "./draw.ts";
import { tellSeed, type SeedStory } from "./seed.ts";
import { workflowOf } from "./workflow.ts";

const NOTHING: Omit<SeedStory, "seed" | "problems"> = {
  steps: 0,
  effects: 0,
  starts: 0,
  troubles: [],
  ends: [],
  keys: [],
};
const [from = "1", count, until = "all"] = process.argv.slice(2);
const shared = { evaluator: createEvaluator(), check: createSchemaCheck() };
const tally: { [what: string]: number } = {};
const add = (what: string, more = 1): void => void (tally[what] = (tally[what] ?? 0) + more);
const broken: Pick<SeedStory, "seed" | "problems">[] = [];
for (let seed = Number(from); seed < Number(from) + Number(count ?? 1); seed += 1) {
  const story = await tellSeed(seed, shared).catch((bug: unknown) => ({
    seed,
    problems: [bug instanceof Error ? (bug.stack ?? String(bug)) : String(bug)],
    ...NOTHING,
  }));
  if (count === undefined) process.stdout.write(`${JSON.stringify(workflowOf(drawOf(seed)), null, 1)}\n`);
  add("seeds");
  add("steps", story.steps);
  add("effects", story.effects);
  add("starts", story.starts);
  for (const kind of story.troubles) add(kind);
  for (const end of story.ends) add(`ended ${end}`);
  for (const key of story.keys) add(`with ${key}`);
  if (story.problems.length > 0) broken.push({ seed, problems: story.problems });
  if (broken.length > 0 && until === "first") break;
}
process.stdout.write(`${JSON.stringify({ tally, broken })}\n`);
