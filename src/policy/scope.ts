import type { ExpressionScope } from "../expression/scope.ts";

/** What the rules of a policy read; what is in it stands in docs/policies.md. Texts read `item` alone. */
export const policyScope: ExpressionScope = {
  names: {
    workflow: true,
    agents: { type: "array", items: true },
    steps: { type: "array", items: true },
    change: true,
    item: true,
  },
  hidden: {
    inputs: "a policy looks at what a workflow is, before it has inputs: they are `workflow.inputs`",
    secrets: "names of secrets are `workflow.secrets` and `secrets` of a step",
    run: "a policy looks at what a workflow is, before it runs",
    env: "a policy looks at what a workflow is: `env` of a step is a field of it",
  },
  statusFunctions: false,
};
