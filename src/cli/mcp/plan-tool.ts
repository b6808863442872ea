import { plan } from "../../library/plan.ts";
import { renderJson } from "../../plan/render/json.ts";
import type { JsonObject } from "../../util/json.ts";
import type { McpHost, McpTool } from "./host.ts";
import { textProperty } from "./validate-tool.ts";
import { fileProperty, validFor } from "./workflow-of.ts";

export const inputsProperty = {
  inputs: { type: "object", description: "The workflow's inputs by name; those with a default may be left out" },
} as const;

/** `muster plan --json` */
export function planTool(host: McpHost): McpTool {
  return {
    name: "plan_workflow",
    title: "Plan a workflow",
    description:
      "Tells what a run would do: steps and their order, models, permissions, the least and the most calls and cost. Asks no model and starts nothing.",
    properties: { ...fileProperty(host), ...textProperty, ...inputsProperty },
    isReadOnly: true,
    async call(given) {
      const { inputs } = given as { readonly inputs?: JsonObject };
      const workflow = await validFor(host, given);
      const planned = plan(workflow, inputs === undefined ? {} : { inputs });
      return JSON.parse(renderJson(planned.plan, planned.estimate)) as JsonObject;
    },
  };
}
