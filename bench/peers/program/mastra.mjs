// Mastra with its workflow snapshots in libSQL.
import { join } from "node:path";
import { ask, load, measure, timed } from "./tools.mjs";

const { Mastra } = await load("mastra", "@mastra/core");
const { createStep, createWorkflow } = await load("mastra", "@mastra/core/workflows");
const { LibSQLStore } = await load("mastra", "@mastra/libsql");
const { z } = await load("mastra", "zod");

const stepOf = (id, work) =>
  createStep({
    id,
    inputSchema: z.any(),
    outputSchema: z.any(),
    execute: async ({ inputData }) => (await work?.()) ?? inputData,
  });
const workflow = () => createWorkflow({ id: "w", inputSchema: z.any(), outputSchema: z.any() });

async function run(w, { folder }, inputData) {
  const storage = new LibSQLStore({ id: "bench", url: `file:${join(folder, "state.db")}` });
  const mastra = new Mastra({ storage, workflows: { w: w.commit() }, logger: false });
  const started = await mastra.getWorkflow("w").createRun();
  return timed(async () => {
    const { status, error } = await started.start({ inputData });
    if (status !== "success") throw new Error(`the run ${status}: ${String(error)}`);
  });
}
const list = (size) => Array.from({ length: size }, (_, index) => index);

await measure({
  chain(told) {
    let w = workflow();
    for (let i = 0; i < told.size; i += 1) w = w.then(stepOf(`s${i}`));
    return run(w, told, 0);
  },
  fan: (told) => run(workflow().foreach(stepOf("each"), { concurrency: 64 }), told, list(told.size)),
  calls: (told) =>
    run(
      workflow().foreach(
        stepOf("each", () => ask(told.url)),
        { concurrency: 20 },
      ),
      told,
      list(told.size),
    ),
});
