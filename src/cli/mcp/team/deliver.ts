import { ulid } from "ulid";
import { run } from "../../../library/run.ts";
import { RequestError } from "../../../library/request-error.ts";
import { deliveryPlan, type PlannedDelivery } from "../../../plan/delivery.ts";
import type { Json, JsonObject } from "../../../util/json.ts";
import type { McpHost } from "../host.ts";
import { validFor } from "../workflow-of.ts";

/** Starts a run of its own for a message to a session or a task for an agent; gives its id. RequestError: it cannot be. */
export async function startDelivery(
  host: McpHost,
  workflow: string | undefined,
  delivery: PlannedDelivery,
  inputs: JsonObject = {},
): Promise<string> {
  if (delivery.text.trim() === "") throw new RequestError(["there is nothing to do: the text is empty"]);
  const loaded = await validFor(host, workflow === undefined ? {} : { workflow });
  const plan = deliveryPlan(loaded.plan, delivery);
  if (!plan.ok) throw new RequestError([plan.error]);
  const runId = ulid();
  const { cwd, env, state, runs } = host;
  // A resume makes the same plan again.
  const choice = { ...loaded.choice, delivery: delivery as unknown as Json };
  const place = { cwd, env, ...(state === null ? {} : { state }) };
  runs.start(runId, (signal) => run({ ...loaded, plan: plan.value, choice }, { ...place, runId, inputs, signal }));
  return runId;
}
