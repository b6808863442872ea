// `npm start`: the first minute with Muster. Checks, plans and runs workflows/review.yaml on the bundled diff: with the
// models that it names where there is ANTHROPIC_API_KEY, else with whatever `auto` finds, else from the bundled scripted
// answers; and says which. Everything it writes goes to .muster/.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
// The project's own Node, by its path: the shell of a first `npm start` still takes `node` for the machine's.
const node = `${root}node_modules/.bin/node`;
const workflow = "workflows/review.yaml";
const recording = "workflows/review/recording.yaml";
const report = ".muster/review/report.json";

if (spawnSync("git", ["--version"], { stdio: "ignore" }).status !== 0) {
  process.stderr.write(
    "npm start: git is missing or does not run, and the example reads its diff with it. Install git " +
      "(https://git-scm.com/downloads), then try again.\n",
  );
  process.exit(1);
}

mkdirSync(`${root}.muster/review`, { recursive: true });
muster("validate", workflow);
showPlan();
const answers = whoAnswers();
muster("run", workflow, ...answers, "--report", report);
const isLive = !answers.includes("--replay");

process.stdout.write(`
${
  isLive
    ? "The answers came from the models."
    : "The answers were scripted: written by hand, no model was asked. To ask models, for some cents:\n" +
      "  export ANTHROPIC_API_KEY=... (or OPENAI_API_KEY, or start Ollama), then npm start again"
}
The review is in .muster/review/review.md, the report of the run in ${report}.

Next
  npx muster show              what each step did
  docs/getting-started.md      your own workflow in two minutes
  git diff main... > my.diff   and your own change reviewed:
                               npx muster run ${workflow} --input diff=my.diff
`);

/** The options of `run` that say who answers. `muster doctor` knows what there is; with CI set `auto` takes no engine. */
function whoAnswers() {
  if (process.env["ANTHROPIC_API_KEY"]) return [];
  const args = [`${root}dist/cli/main.js`, "doctor", "--json"];
  const { stdout } = spawnSync(node, args, { cwd: root, encoding: "utf8" });
  const names = process.env["CI"] ? ["key"] : ["key", "engine"];
  const isFound = JSON.parse(stdout).findings.some(({ name, status }) => status === "ok" && names.includes(name));
  return isFound ? ["--model", "cheap=auto/fast", "--model", "strong=auto/strong"] : ["--replay", recording];
}

/** The plan in a few lines; `muster plan` itself says more. */
function showPlan() {
  announce(["plan", workflow], "   (in short)");
  const args = [`${root}dist/cli/main.js`, "plan", workflow, "--json"];
  const { status, stdout } = spawnSync(node, args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 24 });
  if (status !== 0) process.exit(status ?? 1);
  const { waves, estimate } = JSON.parse(stdout);
  const lines = waves.map((steps, index) => `wave ${index + 1}  ${steps.join(", ")}`);
  lines.push(`${estimate.calls.floor} to ${estimate.calls.ceiling} model calls, retries and repairs included`);
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** Runs a command as a person would, shows it, and ends with its exit code when it fails. */
function muster(...args) {
  announce(args, "");
  const { status, error } = spawnSync(node, [`${root}dist/cli/main.js`, ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (status === 0) return;
  process.stderr.write(error === undefined ? "In this folder write npx muster for muster.\n" : `${error.message}\n`);
  process.exit(status ?? 1);
}

function announce(args, note) {
  process.stdout.write(`\n$ muster ${args.join(" ")}${note}\n`);
}
