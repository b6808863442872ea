import type { NormalAgent, NormalDriver, NormalManifest } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import type { Template } from "../../expression/template.ts";
import type { Problems } from "../problems.ts";
import type { PlannedDriver } from "../types.ts";
import { isCode } from "./check-script.ts";
import { NOTHING, type Reader } from "./reader.ts";
import type { Place } from "./site.ts";

/** The programs that drive agents, by the name of the agent. */
export function parseDrivers(
  { agents }: NormalManifest,
  reader: Reader,
  problems: Problems,
): ReadonlyMap<string, PlannedDriver> {
  const drivers = new Map<string, PlannedDriver>();
  for (const [name, agent] of Object.entries(agents)) {
    const env = reader.texts(agent.env, ["agents", name, "env"], "agent_environment");
    if (agent.driver !== null) drivers.set(name, parseDriver(name, agent.driver, agent, env, reader, problems));
  }
  return drivers;
}

function parseDriver(
  name: string,
  driver: NormalDriver,
  { permissions }: NormalAgent,
  env: PlannedDriver["env"],
  reader: Reader,
  problems: Problems,
): PlannedDriver {
  const pointer = ["agents", name, driver.kind];
  if (driver.kind === "acp") {
    const argv = parseArguments(name, driver.argv, [...pointer, "command"], "instructions", reader, problems);
    return { kind: "acp", argv, env, mode: driver.mode, permissions };
  }
  if (!driver.readsPrompt && !driver.argv.some((argument) => PROMPT.test(argument))) {
    problems.error(pointer, {
      code: "WF7020",
      message: `the program of agent '${name}' never gets the prompt`,
      help: 'write `stdin: prompt`, or an argument "{{ prompt }}"',
      piece: "key",
    });
  }
  const argv = parseArguments(name, driver.argv, [...pointer, "argv"], "argument", reader, problems);
  return { kind: "command", argv, env, readsPrompt: driver.readsPrompt };
}

/** A tag that prints the prompt, or reads it anywhere. */
const PROMPT = /\{\{[^{}]*(?<![\w.$"'-])prompt(?![\w"'-])[^{}]*\}\}/u;

function parseArguments(
  name: string,
  argv: readonly string[],
  pointer: Pointer,
  place: Place,
  reader: Reader,
  problems: Problems,
): readonly Template[] {
  const [program = ""] = argv;
  const isFixed = program.trim() !== "" && !program.includes("{{");
  if (!isFixed) {
    problems.error([...pointer, 0], {
      code: "WF2006",
      message: `the program of agent '${name}' must be written out`,
      help: "name it, such as `claude`; values go into its arguments",
    });
  }
  return argv.map((argument, index) => {
    const at = [...pointer, index];
    if (index === 0 && !isFixed) return NOTHING;
    if (!argument.includes("{{") || !isCode(argv, index)) return reader.text(argument, at, place) ?? NOTHING;
    problems.error(at, {
      code: "WF8001",
      message: "a value would become part of the code that this program runs, where it can be a command",
      help: 'write `stdin: prompt`, or pass it as a further argument: [sh, -c, \'mine "$1"\', sh, "{{ prompt }}"]',
    });
    return NOTHING;
  });
}
