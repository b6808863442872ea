import { parseDuration } from "../util/duration.ts";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { parseBudget, type BudgetChoice } from "../plan/budget-choice.ts";
import { version } from "../util/version.ts";
import { findProjectRoot } from "../util/project.ts";
import type { AnswerOptions } from "./commands/answer.ts";
import { configPlaces, readSettings } from "./config.ts";
import { exitCode, UsageError, type ExitCode } from "./exit-code.ts";
import { processTerminal, watchOutput, type Terminal } from "./terminal.ts";

/** Runs one command line (without `node` and the script); the answer is the exit code. Never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  const output = watchOutput();
  let code: ExitCode = exitCode.succeeded;
  const program = createProgram((result) => (code = result));
  try {
    await program.parseAsync(argv, { from: "user" });
    return output.codeOf(code);
  } catch (error) {
    return output.codeOf(explain(error));
  }
}

type Run<Options> = (terminal: Terminal, args: readonly string[], options: Options) => Promise<ExitCode>;

function createProgram(end: (code: ExitCode) => void): Command {
  const program = new Command("muster")
    .description(
      "Teams of AI agents as code: validate, plan and run workflows that survive a crash without paying twice.",
    )
    .version(version, "-V, --version", "print the version")
    .option("--no-color", "plain text (also: NO_COLOR)")
    .addOption(
      new Option("--log-level <level>", "what muster says of itself on stderr")
        .choices(["silent", "error", "warn", "info", "debug", "trace"])
        .default("warn"),
    )
    .option("--state <path>", "the state file (also: MUSTER_STATE; default: .muster/state.db)")
    .showHelpAfterError("(see 'muster --help')")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });

  /** A command's code is loaded when it is used. */
  const command = <Options>(
    usage: string,
    description: string,
    example: string,
    load: () => Promise<{ readonly run: Run<Options> }>,
    parent = program,
  ): Command =>
    parent
      .command(usage)
      .description(description)
      .addHelpText("after", `\nExample:\n  ${example}`)
      .action(async (...args: unknown[]) => {
        const self = args.at(-1) as Command;
        await applySettings(self);
        const options = self.optsWithGlobals<{ color: boolean }>();
        const { run } = await load();
        end(await run(processTerminal(options), self.args, options as unknown as Options));
      });

  command(
    "init [template]",
    "write a first workflow; without a name: list what there is",
    "muster init hello",
    () => import("./commands/init.ts"),
  ).option("--json", "one JSON document");

  command(
    "validate [path...]",
    "check manifests: all problems at once, before a token is spent",
    "muster validate workflows/",
    () => import("./commands/validate.ts"),
  )
    .addOption(
      new Option("--format <format>", "how problems are printed")
        .choices(["text", "json", "github", "sarif"])
        .default("text"),
    )
    .option("--json", "the same as --format json")
    .option("--pin-tools", "start the MCP servers of agents, and write into muster.lock what their tools are")
    .addOption(lockedOption());

  command(
    "fmt [path...]",
    "put the keys of manifests into their canonical order and spelling; comments and anchors stay",
    "muster fmt --check workflows/",
    () => import("./commands/fmt.ts"),
  )
    .option("--check", "write nothing; exit code 3 when a file would change")
    .option("--fix", "turn words of other tools (depends_on, when, ...) into ours")
    .option("--json", "one JSON document");

  command(
    "plan <file>",
    "show what will run: waves, models, worst-case calls and cost",
    "muster plan workflows/review.yaml --input diff=my.diff",
    () => import("./commands/plan.ts"),
  )
    .addOption(inputOption())
    .option("--inputs <file>", "inputs as a JSON or YAML file")
    .addOption(modelOption())
    .option("--variant <name>", "what the runs do that take this variant; default: all variants")
    .addOption(
      new Option("--format <format>", "how the plan is printed")
        .choices(["text", "json", "mermaid", "markdown", "svg"])
        .default("text"),
    )
    .option("--json", "the same as --format json")
    .addOption(lockedOption());

  command(
    "diff <base> [head]",
    "what a change means: steps, models, rights, limits and cost of two git revisions (head: the working tree)",
    "muster diff origin/main...HEAD --fail-on widened,cost:+20%",
    () => import("./commands/diff.ts"),
  )
    .option("--path <path...>", "workflows under these paths (default: workflows/)")
    .addOption(
      new Option("--format <format>", "how the change is printed")
        .choices(["text", "json", "markdown"])
        .default("text"),
    )
    .option("--json", "the same as --format json")
    .option("--fail-on <rules>", "exit code 3 on: widened, models, secrets, flows, any, cost:+20%, cost:+1.50");

  command(
    "test [path...]",
    "run *.test.yaml and the tests of the project's policy, without a model",
    "muster test workflows/ --coverage",
    () => import("./commands/test.ts"),
  )
    .option("--update", "write what comes as the new snapshots")
    .option("--coverage", "tell which steps, branches and failure paths no test reaches")
    .option("--junit <file>", "write the results as JUnit XML")
    .option("--watch", "run them again when a file changes")
    .option("--json", "one JSON document");

  const run = command(
    "run <file>",
    "run a workflow",
    "muster run workflows/review.yaml --input diff=my.diff --report report.json",
    () => import("./commands/run.ts"),
  )
    .addOption(inputOption())
    .option("--inputs <file>", "inputs as a JSON or YAML file")
    .option("--run-id <id>", "the run's name (default: a new ULID)")
    .addOption(modelOption())
    .option("--only <step...>", "only these steps and what they need")
    .option("--variant <name>", "the variant that the run takes; default: one by weight")
    .option("--key <text>", "runs with equal keys take the same variant (default: the run's id)")
    .option("--record <file>", "keep every exchange with a model in a file, for --replay")
    .option("--simulate", "go through the whole graph without a model and without effects")
    .option("--replay <file>", "answer every model call from a recording, strictly")
    .option("--update", "with --replay: ask the models for what the recording has not, and write it there");
  addRunOptions(run);

  const resume = command(
    "resume [run]",
    "go on with the newest unfinished run, or the one named",
    "muster resume --rerun draft",
    () => import("./commands/resume.ts"),
  )
    .addOption(
      new Option(
        "--rerun <step>",
        "run this step, or item of it (draft[2]), again, whatever is recorded of it (repeatable)",
      )
        .argParser(collect)
        .default([], "none"),
    )
    .option("--dry-run", "only say what would be reused and what would run");
  addRunOptions(resume);

  command(
    "ps",
    "the runs that are active now: steps in flight, items, models, spend",
    "muster ps --watch",
    () => import("./commands/ps.ts"),
  )
    .option("--watch", "go on showing them")
    .option("--json", "one JSON document, with --watch one a line");

  command(
    "runs",
    "list past and current runs, the newest first",
    "muster runs --limit 5",
    () => import("./commands/runs.ts"),
  )
    .option("--limit <n>", "at most so many", positiveInteger, 20)
    .option("--json", "one JSON document");

  command(
    "show [run]",
    "one run: its steps, attempts, spend, why it failed and what to do",
    "muster show 01J9",
    () => import("./commands/show.ts"),
  ).option("--json", "the report as a JSON document");

  command(
    "logs [run] [step]",
    "the events of a run",
    "muster logs 01J9 draft --follow",
    () => import("./commands/logs.ts"),
  )
    .option("--follow", "go on until the run ends")
    .option("--json", "NDJSON");

  command(
    "graph <file|run>",
    "the steps of a workflow or of a run as a picture",
    "muster graph workflows/review.yaml --format svg > review.svg",
    () => import("./commands/graph.ts"),
  )
    .addOption(
      new Option("--format <format>", "the language of the picture")
        .choices(["mermaid", "dot", "svg"])
        .default("mermaid"),
    )
    .option("--json", "nodes and edges as one JSON document");

  command(
    "kill <run> [step]",
    "stop a run, or one step of it, with its processes",
    "muster kill 01J9 draft",
    () => import("./commands/kill.ts"),
  );

  command(
    "steer <target> <message>",
    "say something to an agent at work, before its next turn",
    'muster steer 01J9/draft "Keep it under one page"',
    () => import("./commands/steer.ts"),
  );

  const answers = () => import("./commands/answer.ts");
  for (const verb of ["approve", "reject"] as const) {
    const one = command<AnswerOptions>(
      `${verb} <run> [step]`,
      `${verb} what a run asks; the first answer counts`,
      `muster ${verb} 01J9 publish --comment "${verb === "approve" ? "go" : "not yet"}"`,
      async () => ({ run: (await answers())[verb] }),
    )
      .option("--as <name>", "who says so, a label (default: your user name)")
      .option("--comment <text>", "what to add");
    if (verb === "approve") one.option("--input <value>", "what the question asks for: JSON, or a text");
  }

  command(
    "mcp [file]",
    "serve validate, plan, run and show to programs, as an MCP server over stdio",
    "muster mcp workflows/review.yaml",
    () => import("./commands/mcp.ts"),
  );

  command(
    "doctor",
    "what works here, and how to mend the rest",
    "muster doctor --repair",
    () => import("./commands/doctor.ts"),
  )
    .option("--repair", "tidy the state file, and save what is whole of a damaged one")
    .option("--json", "one JSON document");

  command(
    "prune",
    "delete runs that are over, and what no run needs any more",
    "muster prune --older-than 30d --keep 20",
    () => import("./commands/prune.ts"),
  )
    .option("--older-than <duration>", "runs that have not changed for so long, e.g. 30d")
    .option("--keep <n>", "but never the newest so many of them", count)
    .option("--all", "runs that can still be resumed, too")
    .option("--cache", "every outcome in the cache, whatever its age")
    .option("--dry-run", "only say what would go")
    .option("--json", "one JSON document");

  command("lsp", "the language server for editors, over stdio", "muster lsp --stdio", () => import("./commands/lsp.ts"))
    .option("--stdio", "what editors say; there is no other way")
    .allowUnknownOption()
    .allowExcessArguments();

  const state = program.command("state").description("values of the project that outlive its runs");
  const stateCommands = () => import("./commands/state.ts");
  command(
    "list [prefix]",
    "the values whose keys start so",
    "muster state list seen/",
    async () => ({ run: (await stateCommands()).list }),
    state,
  ).option("--json", "one JSON document");
  command(
    "get <key>",
    "one value",
    "muster state get seen/42",
    async () => ({ run: (await stateCommands()).get }),
    state,
  ).option("--json", "the value with its version");
  command(
    "set <key> <value>",
    "set a value: JSON, or a text",
    "muster state set seen/42 true --from false",
    async () => ({ run: (await stateCommands()).set }),
    state,
  )
    .option("--from <value>", "only if the present value is this one (null: or there is none)")
    .option("--json", "the value with its version");

  command(
    "stats [workflow]",
    "how runs went: success, time, cost by model, agent and step, variants, savings",
    "muster stats review --since 30d",
    () => import("./commands/stats.ts"),
  )
    .option("--since <duration>", "only runs that were started so long ago or later, e.g. 30d")
    .option("--json", "one JSON document");

  const sessions = program.command("sessions").description("durable conversations: look at them, send them messages");
  const sessionCommands = () => import("./commands/sessions.ts");
  command(
    "list",
    "the sessions that there are, the one that was used last first",
    "muster sessions list --json",
    async () => ({ run: (await sessionCommands()).list }),
    sessions,
  ).option("--json", "one JSON array, an entry a session");
  command(
    "history <session>",
    "what was said in a session",
    "muster sessions history helpdesk --limit 5",
    async () => ({ run: (await sessionCommands()).history }),
    sessions,
  )
    .option("--member <n>", "only this conversation of a pool", positiveInteger)
    .option("--limit <n>", "only the last so many turns", positiveInteger)
    .option("--tools", "with the calls of tools")
    .option("--json", "one JSON array, an entry a turn");
  const spawned = command(
    "spawn <file> <session> <message>",
    "give a session of a workflow a message, in a run of its own",
    'muster sessions spawn workflows/desk.yaml helpdesk "My name is Ada"',
    async () => ({ run: (await sessionCommands()).spawn }),
    sessions,
  )
    .addOption(inputOption())
    .option("--inputs <file>", "inputs as a JSON or YAML file");
  const sent = command(
    "send <session> <message>",
    "send a session a message, and print its reply",
    'muster sessions send helpdesk "What is my name?" --wait 30s',
    async () => ({ run: (await sessionCommands()).send }),
    sessions,
  )
    .addOption(inputOption())
    .option("--inputs <file>", "inputs as a JSON or YAML file, for a session of the project");
  for (const each of [spawned, sent]) {
    each
      .option("--wait <duration>", "how long the reply is waited for (default: 10m of work)", duration)
      .option("--run-id <id>", "the run's name (default: a new ULID)")
      .addOption(modelOption());
    addRunOptions(each);
  }
  command(
    "wait <session>",
    "wait until nobody waits for an answer of a session any more",
    "muster sessions wait helpdesk --timeout 1m",
    async () => ({ run: (await sessionCommands()).wait }),
    sessions,
  ).option("--timeout <duration>", "at most so long; then exit code 4", duration, 600_000);
  command(
    "close <session>",
    "end its conversation: the next message begins a new one",
    "muster sessions close helpdesk",
    async () => ({ run: (await sessionCommands()).close }),
    sessions,
  );

  const deadLetters = program.command("dead-letters").description("what failed for good: look at it, try it again");
  const letterCommands = () => import("./commands/dead-letters.ts");
  command(
    "list [run]",
    "units that failed for good, the newest run first",
    "muster dead-letters list --json",
    async () => ({ run: (await letterCommands()).list }),
    deadLetters,
  )
    .option("--all", "those that were dropped, too")
    .option("--json", "one JSON array, an entry a unit");
  command(
    "show <letter>",
    "one of them: what it was asked, its attempts, why it failed",
    "muster dead-letters show 3f9a2c",
    async () => ({ run: (await letterCommands()).show }),
    deadLetters,
  ).option("--json", "one JSON document");
  command(
    "retry <letter>",
    "run that unit alone once more; a resume uses what comes of it",
    "muster dead-letters retry 3f9a2c && muster resume 01J9",
    async () => ({ run: (await import("./commands/dead-letter-retry.ts")).retry }),
    deadLetters,
  )
    .addOption(
      new Option("--format <format>", "how progress is shown")
        .choices(["auto", "tty", "plain", "json"])
        .default("auto"),
    )
    .option("--rerun", "also where it may have taken effect when its runner stopped: nobody knows, and you say so")
    .option("--json", "events as NDJSON on stdout, the same as --format json");
  command(
    "drop <letter...>",
    "hide them for good",
    "muster dead-letters drop 3f9a2c",
    async () => ({ run: (await letterCommands()).drop }),
    deadLetters,
  ).option("--json", "one JSON document");
  return program;
}

/** Fills in what the command line leaves open from the environment and the configuration files. */
async function applySettings(command: Command): Promise<void> {
  const { env } = process;
  const project = findProjectRoot(process.cwd());
  for (const { option, value, from } of await readSettings(configPlaces(project, env), env)) {
    for (let owner: Command | null = command; owner !== null; owner = owner.parent) {
      const known = owner.options.find((candidate) => candidate.attributeName() === option);
      if (known === undefined || owner.getOptionValueSource(option) === "cli") continue;
      // A format that one command knows may be none of another's.
      if (known.argChoices !== undefined && !known.argChoices.includes(String(value))) {
        if (option === "format") continue;
        throw new UsageError(`${from}: '${String(value)}' is none of ${known.argChoices.join(", ")}`);
      }
      owner.setOptionValueWithSource(option, value, "config");
    }
  }
}

function addRunOptions(command: Command): void {
  command
    .option("--concurrency <n>", "attempts at once, over limits.concurrency", positiveInteger)
    .option(
      "--budget <budget>",
      "the most to spend, over limits.budget: USD, or usd=2.50,tokens=200000,calls=100",
      budget,
    )
    .option("--report <file>", "write the report as JSON")
    .option("--junit <file>", "write the steps as JUnit XML")
    .addOption(
      new Option("--format <format>", "how progress is shown")
        .choices(["auto", "tty", "plain", "json", "github"])
        .default("auto"),
    )
    .option("--json", "events as NDJSON on stdout, the same as --format json");
}

function inputOption(): Option {
  return new Option("--input <name=value>", "an input, as JSON or text (repeatable)")
    .argParser(collect)
    .default([], "none");
}

function modelOption(): Option {
  return new Option("--model <model>", "PROVIDER/MODEL for all agents, or ALIAS=PROVIDER/MODEL (repeatable)")
    .argParser(collect)
    .default([], "none");
}

function lockedOption(): Option {
  return new Option(
    "--locked",
    "write nothing to muster.lock: what is not in it is an error (the default where CI is set)",
  );
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError("it must be a duration such as 500ms, 90s or 5m");
  return ms;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("it must be a whole number above 0");
  return value;
}

function budget(text: string): BudgetChoice {
  const choice = parseBudget(text);
  if (!choice.ok) throw new InvalidArgumentError(choice.error);
  return choice.value;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || text.trim() === "")
    throw new InvalidArgumentError("it must be a whole number");
  return value;
}

/** What went wrong, as an exit code; a bug says how to report it. */
function explain(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.succeeded : exitCode.usage;
  if (error instanceof UsageError) {
    process.stderr.write(`muster: ${error.message}\n`);
    return error.code;
  }
  if (error instanceof Error && error.name === "StoreError") {
    process.stderr.write(`muster: ${error.message}\n`);
    return exitCode.runFailed;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `muster ${version} has a bug; nothing that was saved is lost. Please report it with the manifest and this:\n${detail}\n`,
  );
  return exitCode.bug;
}
