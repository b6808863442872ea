import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { workflowCommand, type CommandProperties } from "../../util/workflow-command.ts";
import type { Terminal } from "../terminal.ts";

/** What GitHub takes of a job summary, for one step. */
const MOST_SUMMARY_BYTES = 1024 * 1024;
/** What it takes of all outputs of a step together. */
const MOST_OUTPUT_BYTES = 1024 * 1024;

/**
 * GitHub's runner, which reads commands out of what a step prints. Part of what is shown comes from models and programs,
 * so commands are off but for our own: from `::stop-commands::` to a token that nobody can know.
 */
export class GithubRunner {
  readonly #terminal: Pick<Terminal, "out" | "env">;
  readonly #token = `muster-${randomUUID()}`;
  #areCommandsOff = false;

  constructor(terminal: Pick<Terminal, "out" | "env">) {
    this.#terminal = terminal;
  }

  /** Shows a text, whatever is in it. All on one stream: the runner reads the two in no certain order. */
  readonly show = (text: string): void => {
    if (text === "") return;
    if (!this.#areCommandsOff) this.#terminal.out(`::stop-commands::${this.#token}\n`);
    this.#areCommandsOff = true;
    this.#terminal.out(text.endsWith("\n") ? text : `${text}\n`);
  };

  command(name: string, properties: CommandProperties, message: string): void {
    this.end();
    this.#terminal.out(workflowCommand(name, properties, message));
  }

  /** A text that can be folded away. */
  group(title: string, text: string): void {
    this.command("group", {}, title);
    this.show(text);
    this.command("endgroup", {}, "");
  }

  /** Commands count again, for what else the step does. */
  end(): void {
    if (this.#areCommandsOff) this.#terminal.out(`::${this.#token}::\n`);
    this.#areCommandsOff = false;
  }

  /** Adds to the page of the job; nothing outside of a job. */
  summary(markdown: string): void {
    const fits = Buffer.byteLength(markdown) < MOST_SUMMARY_BYTES;
    this.#append("GITHUB_STEP_SUMMARY", fits ? markdown : "The summary of this run is too large for this page.\n");
  }

  /** Gives values to later steps of the job; nothing outside of a job. What is too large is left out, and said so. */
  outputs(values: readonly (readonly [name: string, value: string])[]): void {
    let left = MOST_OUTPUT_BYTES;
    for (const [name, value] of values) {
      // GitHub counts in UTF-16.
      const size = 2 * (name.length + value.length) + 200;
      if (size > left) {
        const message = `output '${name}' is too large for GITHUB_OUTPUT: read it from the file of --report`;
        this.command("warning", { title: "muster" }, message);
        continue;
      }
      left -= size;
      // Nothing in a value can end it.
      const end = `muster-${randomUUID()}`;
      this.#append("GITHUB_OUTPUT", `${name}<<${end}\n${value}\n${end}\n`);
    }
  }

  #append(variable: string, text: string): void {
    const path = this.#terminal.env[variable] ?? "";
    if (path === "") return;
    try {
      appendFileSync(path, text);
    } catch (error) {
      this.command("warning", { title: "muster" }, `cannot write ${variable}: ${(error as Error).message}`);
    }
  }
}
