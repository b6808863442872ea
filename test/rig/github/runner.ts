import { existsSync, readFileSync } from "node:fs";

/** A command that GitHub's runner would carry out. */
export interface RunnerCommand {
  readonly name: string;
  readonly properties: { readonly [name: string]: string };
  readonly message: string;
}

/**
 * What GitHub's runner makes of the output of a step: its commands (`::name key=value::message`), those between
 * `::stop-commands::TOKEN` and `::TOKEN::` left out, as in actions/runner, ActionCommandManager.
 */
export function commandsIn(output: string): readonly RunnerCommand[] {
  const commands: RunnerCommand[] = [];
  let token: string | null = null;
  for (const line of output.split("\n")) {
    const match = /^\s*::([^\s:]+)(?: (.*?))?::(.*)$/.exec(line);
    if (token !== null) {
      if (match?.[1] === token) token = null;
      continue;
    }
    // The old form counts wherever it stands in a line.
    if (match === null && /##\[[\w-]+\]/.test(line)) throw new Error(`a command of the old form: ${line}`);
    if (match === null) continue;
    const [, name = "", properties = "", message = ""] = match;
    if (name === "stop-commands") token = message;
    else commands.push({ name, properties: propertiesIn(properties), message: unescaped(message) });
  }
  return commands;
}

function propertiesIn(text: string): { readonly [name: string]: string } {
  const pairs = text.split(",").filter((pair) => pair.includes("="));
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return [name, unescaped(value.join("=").replaceAll("%3A", ":").replaceAll("%2C", ","))];
    }),
  );
}

function unescaped(text: string): string {
  return text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
}

/** What a file such as GITHUB_OUTPUT or GITHUB_ENV says: `name=value` and `name<<END ... END`. Throws where the runner would. */
export function valuesIn(path: string): { readonly [name: string]: string } {
  const values: { [name: string]: string } = {};
  const lines = (existsSync(path) ? readFileSync(path, "utf8") : "").split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    if (line === "") continue;
    const equals = line.indexOf("=");
    const heredoc = line.indexOf("<<");
    if (heredoc >= 0 && (equals < 0 || heredoc < equals)) {
      const name = line.slice(0, heredoc);
      const end = line.slice(heredoc + 2);
      const last = lines.indexOf(end, at + 1);
      if (last < 0) throw new Error(`${path}: no matching delimiter for ${name}`);
      values[name] = lines.slice(at + 1, last).join("\n");
      at = last;
    } else if (equals >= 0) values[line.slice(0, equals)] = line.slice(equals + 1);
    else throw new Error(`${path}: invalid format '${line}'`);
  }
  return values;
}
