import type { NormalDriver, NormalManifest } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import type { Problems } from "../problems.ts";
import type { PlannedDriver } from "../types.ts";
import { isCode } from "./check-script.ts";
import { NOTHING, type Reader } from "./reader.ts";

/** The programs that drive agents, by the name of the agent. */
export function parseDrivers(
  { agents }: NormalManifest,
  reader: Reader,
  problems: Problems,
): ReadonlyMap<string, PlannedDriver> {
  const drivers = new Map<string, PlannedDriver>();
  for (const [name, { driver, env }] of Object.entries(agents)) {
    const at = ["agents", name];
    const variables = reader.texts(env, [...at, "env"], "agent_environment");
    if (driver !== null) drivers.set(name, { ...parseCommand(name, driver, at, reader, problems), env: variables });
  }
  return drivers;
}

/** A tag that prints the prompt, or reads it anywhere. */
const PROMPT = /\{\{[^{}]*(?<![\w.$"'-])prompt(?![\w"'-])[^{}]*\}\}/u;

function parseCommand(
  name: string,
  { argv, readsPrompt }: NormalDriver,
  agent: Pointer,
  reader: Reader,
  problems: Problems,
): Omit<PlannedDriver, "env"> {
  const at = (index: number): Pointer => [...agent, "command", "argv", index];
  if (!readsPrompt && !argv.some((argument) => PROMPT.test(argument))) {
    problems.error([...agent, "command"], {
      code: "WF7020",
      message: `the program of agent '${name}' never gets the prompt`,
      help: 'write `stdin: prompt`, or an argument "{{ prompt }}"',
      piece: "key",
    });
  }
  const [program = ""] = argv;
  const isFixed = program.trim() !== "" && !program.includes("{{");
  if (!isFixed) {
    problems.error(at(0), {
      code: "WF2006",
      message: `the program of agent '${name}' must be written out`,
      help: "name it, such as `claude`; values go into its arguments",
    });
  }
  return {
    kind: "command",
    readsPrompt,
    argv: argv.map((argument, index) => {
      if (index === 0 && !isFixed) return NOTHING;
      if (!argument.includes("{{") || !isCode(argv, index))
        return reader.text(argument, at(index), "argument") ?? NOTHING;
      problems.error(at(index), {
        code: "WF8001",
        message: "a value would become part of the code that this program runs, where it can be a command",
        help: 'write `stdin: prompt`, or pass it as a further argument: [sh, -c, \'mine "$1"\', sh, "{{ prompt }}"]',
      });
      return NOTHING;
    }),
  };
}
