import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { median } from "../finding.ts";
import { machine } from "../machine.ts";
import { alignedTable, markdownTable } from "../table.ts";
import { contestants, type Contestant, type PeerWork, type Servers } from "./contestants.ts";
import { modelServer, postgres, redis } from "./servers.ts";
import { setUp } from "./set-up.ts";

const works: { readonly [work in PeerWork]: string } = {
  chain: "chain, steps/s",
  fan: "fan-out at 64, items/s",
  layers: "layers, each step needs two, steps/s",
  calls: "200 calls of 100 ms at 20, calls/s (200 is ideal)",
  processes: "steps that run `true`, steps/s",
};
/** The figure is the median of so many, taken in turn. */
const ROUNDS = 3;

/** Runs Muster and its peers in turn on the same work, prints their rates and how they stand to Muster's. */
export async function benchPeers(options: { readonly quick: boolean; readonly write: boolean }): Promise<void> {
  const absent: string[] = [];
  const present: Contestant[] = [];
  for (const contestant of contestants) {
    const why = contestant.peer === null ? null : setUp(contestant.peer);
    if (why === null) present.push(contestant);
    else absent.push(`${contestant.name} ${why}`);
  }
  const model = await modelServer(100);
  const has = (name: string): boolean => present.some((contestant) => contestant.name === name);
  const [database, queue] = [has("DBOS") ? await postgres() : null, has("BullMQ") ? await redis() : null];
  const servers: Servers = { url: model.at, postgres: database?.at ?? null, redis: queue?.at ?? null };
  const rates = new Map<string, number[]>();
  try {
    for (let round = 0; round < (options.quick ? 1 : ROUNDS); round += 1)
      for (const work of Object.keys(works) as PeerWork[])
        for (const contestant of present) await measure(contestant, work, options.quick, servers, rates, absent);
  } finally {
    await Promise.all([model.stop(), database?.stop(), queue?.stop()]);
  }
  const rows = [["work", "who", "size", "median", "Muster / it", "keeps"], ...rowsOf(present, rates, options.quick)];
  process.stdout.write(`${alignedTable(rows)}\n${absent.map((line) => `not measured: ${line}\n`).join("")}`);
  if (options.write) writeFileSync(join(import.meta.dirname, "../PEERS.md"), page(rows, absent));
}

async function measure(
  { name, sizes, run }: Contestant,
  work: PeerWork,
  isQuick: boolean,
  servers: Servers,
  rates: Map<string, number[]>,
  absent: string[],
): Promise<void> {
  const full = sizes[work];
  if (full === undefined) return;
  const size = sizeOf(full, work, isQuick);
  process.stderr.write(`${work}: ${name} ...\n`);
  try {
    const ms = await run(work, size, servers);
    const key = `${work} ${name}`;
    rates.set(key, [...(rates.get(key) ?? []), (size / ms) * 1000]);
  } catch (error) {
    absent.push(
      `${name}, ${work}: ${error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error)}`,
    );
  }
}

const sizeOf = (full: number, work: PeerWork, isQuick: boolean): number =>
  isQuick ? Math.max(20, full / (work === "layers" ? 5 : 10)) : full;

function rowsOf(present: readonly Contestant[], rates: Map<string, number[]>, isQuick: boolean): string[][] {
  return (Object.entries(works) as [PeerWork, string][]).flatMap(([work, what]) => {
    const own = median(rates.get(`${work} Muster`) ?? []);
    return present.flatMap(({ name, keeps, sizes }) => {
      const of = rates.get(`${work} ${name}`);
      const full = sizes[work];
      if (of === undefined || full === undefined) return [];
      const rate = median(of);
      return [[what, name, String(sizeOf(full, work, isQuick)), figure(rate), `${(own / rate).toFixed(2)} x`, keeps]];
    });
  });
}

const figure = (rate: number): string => (rate >= 100 ? Math.round(rate).toLocaleString("en-US") : rate.toPrecision(3));

function page(rows: readonly (readonly string[])[], absent: readonly string[]): string {
  return `# Muster and its peers

Written by \`npm run bench -- peers --write\` on ${new Date().toISOString().slice(0, 10)}.

${machine()}.

${markdownTable(rows)}
${absent.map((line) => `\nNot measured: ${line}.`).join("")}
Each figure is the median of ${ROUNDS} runs; all are taken in turn, in one process tree, on the same disk, with the same fake
model server. Steps do nothing, so that orchestration alone is measured; libraries and servers are up before the clock
starts, but for commands (the last work), which are timed from spawn to exit. Slow ones do less of the same: rates are told. Compare figures of one table only; gaps under 1.3x are noise.
`;
}
