// Leaves a run behind whose last step was in flight when it was interrupted; all others are done.
//   node bench/rig/interrupted-child.ts '{ "text": MANIFEST, "items": COUNT, "folder": WHERE }'
import { join } from "node:path";
import { plainResult, type StepHandler } from "../../src/engine/step/handler.ts";
import { failure } from "../../src/run/failure.ts";
import { startOnDisk, type StartedRun } from "./engine-run.ts";
import { prepared } from "./plan.ts";

const { text, items, folder } = JSON.parse(process.argv[2] ?? "") as { text: string; items: number; folder: string };

const list = Array.from({ length: items }, (_, index) => `${index + 1}\n`).join("");

let started: StartedRun | null = null;

/** `list` gives the list, `each` nothing; `last` interrupts the run and ends with it. */
const standIn: StepHandler = {
  prepare: ({ id }) => ({
    ok: true,
    value: {
      kind: "later",
      model: null,
      isWaiting: false,
      async run({ signal }) {
        if (id === "last") {
          const stopped = new Promise((end) => signal.addEventListener("abort", end));
          // Later: an attempt can be stopped once it is known to be under way.
          setImmediate(() => {
            started?.run.interrupt();
            started?.run.interrupt();
          });
          await stopped;
          return plainResult({ ok: false, failure: failure("cancelled", "cancelled", "interrupted") });
        }
        return plainResult({ ok: true, output: id === "list" ? list : "" });
      },
    },
  }),
};

started = startOnDisk(prepared(text)(), {}, join(folder, ".muster"), standIn);
const { status } = await started.run.done;
started.store.close();
if (status !== "interrupted") throw new Error(`the run ${status} instead of being interrupted`);
process.stdout.write("null");
