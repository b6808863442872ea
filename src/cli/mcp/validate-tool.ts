import type { McpHost, McpTool } from "./host.ts";
import { fileProperty, loadFor, problemsOf } from "./workflow-of.ts";

/** The parameter of tools that look at a manifest and run nothing of it. */
export const textProperty = {
  text: { type: "string", description: "The text of a manifest to look at, in place of the file; it is not run" },
} as const;

/** `muster validate` */
export function validateTool(host: McpHost): McpTool {
  return {
    name: "validate_workflow",
    title: "Validate a workflow",
    description:
      "Checks a workflow manifest and tells every problem at once, each with place, code and help. Asks no model. The language is the resource muster://language.",
    properties: { ...fileProperty(host), ...textProperty },
    isReadOnly: true,
    call: async (given) => problemsOf(await loadFor(host, given)),
  };
}
