import type { PlannedAgent, PlannedDriver, PlannedTools } from "../plan/types.ts";
import { formatSize } from "../util/size.ts";

/** An agent by the keys of the language: what the plan keeps together under other names is put apart. */
export function agentKeys({ tools, driver, ...rest }: PlannedAgent): { readonly [key: string]: unknown } {
  return {
    ...rest,
    ...(tools === undefined ? {} : toolKeys(tools)),
    ...(driver === undefined ? {} : driverKeys(driver)),
  };
}

function toolKeys({ names, resources, spawn, ...rest }: PlannedTools): { readonly [key: string]: unknown } {
  const { memoryBytes, outputBytes, ...others } = resources;
  return {
    tools: names,
    ...rest,
    resources: { memory: formatSize(memoryBytes), output: formatSize(outputBytes), ...others },
    // The models that it may name for a child are those of these agents.
    ...(spawn === undefined ? {} : { spawn: { agents: Object.keys(spawn.agents), maxChildren: spawn.maxChildren } }),
  };
}

function driverKeys(driver: PlannedDriver): { readonly [key: string]: unknown } {
  const { env, argv } = driver;
  if (driver.kind === "command") return { command: { argv, readsPrompt: driver.readsPrompt }, env };
  return { acp: { command: argv, mode: driver.mode }, permissions: driver.permissions, env };
}
