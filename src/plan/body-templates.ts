import type { Template } from "../expression/template.ts";
import { teamOf } from "./team.ts";
import { agentsOf, type Plan, type PlannedStep } from "./types.ts";

/** Every template whose value goes into what a step does. */
export function bodyTemplates(plan: Plan, { body, fallback, handoff = [] }: PlannedStep): Template[] {
  switch (body.kind) {
    case "value":
      return [body.value];
    case "agent": {
      const agents = teamOf(plan.agents, [...agentsOf(body), ...fallback.flatMap((stage) => stage.agent ?? [])]);
      const prompts = handoff.flatMap(({ approval }) => present(approval?.prompt));
      const own = agents.flatMap((name) => {
        const { instructions, driver, tools } = plan.agents[name] ?? {};
        const program = driver === undefined ? [] : [...driver.argv, ...Object.values(driver.env)];
        const servers = (tools?.servers ?? []).flatMap((server) =>
          Object.values(server.kind === "stdio" ? server.env : server.headers),
        );
        return [...present(instructions), ...program, ...servers];
      });
      return [body.task, ...present(body.choice?.by), ...prompts, ...own];
    }
    case "run": {
      const argv = "argv" in body.command ? body.command.argv : [];
      return [...argv, ...Object.values(body.env), ...present(body.stdin), ...present(body.cwd)];
    }
    case "http":
      return [body.url, ...Object.values(body.headers), ...Object.values(body.query), ...present(body.body)];
    case "sql":
      return [body.connection, ...body.params];
    case "state":
      return [body.key, ...present(body.value), ...present(body.from)];
    case "uses":
      return Object.values(body.with);
    case "wait":
      return present(body.until);
    case "send":
      return [body.message];
    case "approval":
      return [body.prompt];
    case "steps":
      return [];
  }
}

/** The template, if there is one. */
export function present(template: Template | null | undefined): Template[] {
  return template === null || template === undefined ? [] : [template];
}
