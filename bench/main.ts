// npm run bench [-- --quick] [-- --write] [-- NAME...]: times Muster against its targets.
//   --quick   a tenth of everything, once: that the works still work, in under a minute
//   --write   writes bench/RESULTS.md; of `load` alone: bench/LOAD.md
// npm run bench -- claims [--write]: what orchestration saves (bench/CLAIMS.md), see claims.ts
// npm run bench -- peers [--quick] [--write]: Muster and its peers on the same work (bench/PEERS.md), see peers/main.ts
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { summarise, type Finding, type Result, type Size, type Work } from "./finding.ts";
import { machine } from "./machine.ts";
import { alignedTable, markdownTable, rowsOf } from "./table.ts";
import { chainWork } from "./work/chain.ts";
import { coldPlanWork } from "./work/cold-plan.ts";
import { fanOutWork } from "./work/fan-out.ts";
import { growthWork } from "./work/growth.ts";
import { layersWork } from "./work/layers.ts";
import { loadWork } from "./work/load.ts";
import { modelCallsWork } from "./work/model-calls.ts";
import { planWork } from "./work/plan.ts";
import { processesWork } from "./work/processes.ts";
import { recordWork } from "./work/record.ts";
import { resumeWork } from "./work/resume.ts";
import { startWork } from "./work/start.ts";

const works: readonly Work[] = [
  chainWork,
  fanOutWork,
  layersWork,
  growthWork,
  planWork,
  coldPlanWork,
  startWork,
  resumeWork,
  recordWork,
  processesWork,
  modelCallsWork,
  loadWork,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, write: { type: "boolean", default: false } },
});
if (positionals.includes("claims")) {
  const { benchClaims } = await import("./claims.ts");
  await benchClaims({ write: values.write });
  process.exit(0);
}
if (positionals.includes("peers")) {
  const { benchPeers } = await import("./peers/main.ts");
  await benchPeers({ quick: values.quick, write: values.write });
  process.exit(0);
}
const unknown = positionals.filter((name) => !works.some((work) => work.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no work ${unknown.join(", ")}; there are ${works.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}
const size: Size = { of: (full) => (values.quick ? full / 10 : full) };
const results: Result[] = [];
for (const work of works.filter(({ name, isOnlyNamed = false }) =>
  positionals.length === 0 ? !isOnlyNamed : positionals.includes(name),
)) {
  process.stderr.write(`${work.name} ...\n`);
  const runs: (readonly Finding[])[] = [];
  for (let run = 0; run < (values.quick ? 1 : work.runs); run += 1) runs.push(await work.measure(size));
  // Targets are for the full size: what a process costs once weighs ten times as much in a tenth.
  results.push(...summarise(runs).map((result) => (values.quick ? { ...result, target: null } : result)));
}

const rows = rowsOf(results);
process.stdout.write(`${alignedTable(rows)}\n`);
// The largest runs have a page of their own: they are not part of what is done without a name.
const isLoad = positionals.length === 1 && positionals[0] === loadWork.name;
if (values.write) writeFileSync(join(import.meta.dirname, isLoad ? "LOAD.md" : "RESULTS.md"), page());

function page(): string {
  const date = new Date().toISOString().slice(0, 10);
  return `# Results of the bench

Written by \`npm run bench -- ${[...positionals, "--write"].join(" ")}\` on ${date}.

${machine()}.

${markdownTable(rows)}

What each figure measures stands in \`bench/work/\`, and what is left out of them in [README.md](README.md). Compare figures of
one machine and one run only; gaps under 1.3x are noise.
`;
}
