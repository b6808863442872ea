// DBOS on PostgreSQL, as Debian sets it up (`synchronous_commit` on).
import { ask, load, measure, timed, told } from "./tools.mjs";

const { DBOS } = await load("dbos", "@dbos-inc/dbos-sdk");
const steps = async (size, atOnce, work) => {
  for (let from = 0; from < size; from += atOnce)
    await Promise.all(
      Array.from({ length: Math.min(atOnce, size - from) }, (_, i) => DBOS.runStep(work, { name: `s${from + i}` })),
    );
};
const nothing = async () => 1;
const flows = {
  chain: DBOS.registerWorkflow(({ size }) => steps(size, 1, nothing), { name: "chain" }),
  fan: DBOS.registerWorkflow(({ size }) => steps(size, 64, nothing), { name: "fan" }),
  layers: DBOS.registerWorkflow(({ size }) => steps(size, 20, nothing), { name: "layers" }),
  calls: DBOS.registerWorkflow(({ size, url }) => steps(size, 20, () => ask(url)), {
    name: "calls",
  }),
};
DBOS.setConfig({ name: "bench", systemDatabaseUrl: told.postgres, logLevel: "error", runAdminServer: false });
await DBOS.launch();
await measure(
  Object.fromEntries(
    Object.entries(flows).map(([name, flow]) => [name, ({ size, url }) => timed(() => flow({ size, url }))]),
  ),
);
