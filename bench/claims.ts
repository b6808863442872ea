// npm run bench -- claims [--write]: what the guide says that orchestration saves, measured with real runs of the
// command against a fake model on this machine. `--write` writes bench/CLAIMS.md.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { batchingClaim } from "./claim/batching.ts";
import type { Claim } from "./claim/claim.ts";
import { Desk } from "./claim/desk.ts";
import { parallelClaim } from "./claim/parallel.ts";
import { tieringClaim } from "./claim/tiering.ts";
import { machine } from "./machine.ts";
import { markdownTable } from "./table.ts";

/** Measures every claim, prints the table, and writes the page where that is wanted. */
export async function benchClaims(options: { readonly write: boolean }): Promise<void> {
  const desk = await Desk.open();
  const claims: Claim[] = [];
  try {
    for (const measure of [parallelClaim, tieringClaim, batchingClaim]) claims.push(...(await measure(desk)));
  } finally {
    await desk.close();
  }
  const rows = [
    ["what", "the guide says", "measured", "before", "after"],
    ...claims.map(({ what, said, measured, before, after }) => [what, said, measured, before, after]),
  ];
  const table = markdownTable(rows);
  process.stdout.write(`${table}\n`);
  if (options.write) writeFileSync(join(import.meta.dirname, "CLAIMS.md"), page(table));
}

function page(table: string): string {
  const date = new Date().toISOString().slice(0, 10);
  return `# What orchestration saves

Written by \`npm run bench -- claims --write\` on ${date}.

${machine()}.

${table}

Each figure comes from the reports of two real runs (\`muster run --report\`), one written the plain way and one as the
guide advises, against a fake of Anthropic's API that answers after a fixed time and counts tokens (four bytes each). The
workflows stand in \`bench/claim/\`. So the figures say what the orchestration does; how long a real model thinks, and
whether the cheaper one or the batch answers as well, they do not say.
`;
}
