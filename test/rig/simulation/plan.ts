import { buildPlan } from "../../../src/plan/build.ts";
import { WorkflowLoader } from "../../../src/plan/load-workflows.ts";
import { noChoice } from "../../../src/plan/model-choice.ts";
import { noFiles } from "../../../src/plan/source-files.ts";
import type { Plan } from "../../../src/plan/types.ts";
import { ok } from "../../../src/util/result.ts";
import { load } from "../../golden/load.ts";
import type { SimulatedWorkflow } from "./workflow.ts";

/** The plan of a workflow that is given as data. */
export function planOf({ files }: Pick<SimulatedWorkflow, "files">): Plan {
  const { document, manifest } = load(JSON.stringify(files["workflow.yaml"]));
  const loader = new WorkflowLoader(
    {
      ...noFiles,
      read: (path) =>
        files[path] === undefined ? noFiles.read(path) : ok({ path, text: JSON.stringify(files[path]) }),
    },
    noChoice,
  );
  const built = buildPlan(document, manifest, loader);
  if (built.ok) return built.value.plan;
  const told = built.error.map(({ code, message, span }) => `${code} ${message} (${JSON.stringify(span)})`).join("\n");
  throw new Error(`not a valid workflow:\n${told}\n${JSON.stringify(files, null, 1)}`);
}
