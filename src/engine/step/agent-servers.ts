import { accessOfServer } from "../../plan/access.ts";
import { grantOf, narrowed, refusalOf } from "../../plan/permissions.ts";
import type { PlannedTools } from "../../plan/types.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { ReachedServer } from "../../tool/tool-server.ts";
import { asText } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import { expressionFailure } from "./expression-failure.ts";
import type { PrepareContext } from "./handler.ts";

/** Fills in the values of an agent's MCP servers, and asks whether they may be reached at all. */
export function prepareServers(
  agent: string,
  tools: Pick<PlannedTools, "servers" | "permissions"> | undefined,
  {
    evaluator,
    values,
    resources,
    grant,
  }: Pick<PrepareContext, "evaluator" | "values" | "grant"> & Partial<Pick<PrepareContext, "resources">>,
): Result<readonly ReachedServer[], Failure> {
  const reached: ReachedServer[] = [];
  if (tools?.servers === undefined) return ok(reached);
  const own = narrowed(grant, grantOf(tools.permissions));
  for (const server of tools.servers) {
    const refusal = refusalOf(own, accessOfServer(server));
    if (refusal !== null) {
      const message = `'${agent}' may not use its MCP server '${server.name}': ${refusal}`;
      return err(failure("refused", "permission_denied", message));
    }
    const filled: { [name: string]: string } = {};
    const key = server.kind === "stdio" ? "env" : "headers";
    for (const [name, template] of Object.entries(server.kind === "stdio" ? server.env : server.headers)) {
      const value = evaluator.evaluate(template, values, undefined, resources);
      if (!value.ok) return err(expressionFailure(`mcp.${server.name}.${key}.${name}`, agent, value.error));
      filled[name] = asText(value.value);
    }
    reached.push({ server, values: filled });
  }
  return ok(reached);
}
