import { printable } from "../../diagnostic/printable.ts";
import { findProject } from "../../util/project.ts";
import { checkDisk, checkFolder, checkGit, checkNode, checkTerminal } from "../doctor/check-machine.ts";
import { checkModels } from "../doctor/check-models.ts";
import { checkLimits, checkSandbox } from "../doctor/check-sandbox.ts";
import { checkState } from "../doctor/check-state.ts";
import type { Finding } from "../doctor/finding.ts";
import { repairState } from "../doctor/repair-state.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import type { Terminal } from "../terminal.ts";

export interface DoctorOptions {
  readonly repair?: boolean;
  readonly json?: boolean;
  readonly state?: string;
}

/** `muster doctor`: what works here, and how to mend the rest. Exit code 1 when runs do not work. */
export async function run(terminal: Terminal, _args: readonly string[], options: DoctorOptions): Promise<ExitCode> {
  const project = findProject(terminal.cwd, options.state ?? null);
  const findings = [
    checkNode(),
    checkTerminal(terminal),
    checkGit(terminal.cwd),
    checkFolder(project),
    checkDisk(project),
    ...checkSandbox(),
    ...checkLimits(),
    ...(options.repair === true ? repairState(project) : []),
    ...checkState(project),
    ...(await checkModels(terminal)),
  ];
  if (options.json === true) terminal.out(`${JSON.stringify({ version: 1, findings }, null, 2)}\n`);
  else for (const finding of findings) terminal.out(findingText(finding, terminal));
  return findings.some(({ status }) => status === "fail") ? exitCode.runFailed : exitCode.succeeded;
}

function findingText({ name, status, message, help }: Finding, { outColor: color }: Terminal): string {
  const mark = { ok: color.green("ok  "), warn: color.yellow("warn"), fail: color.red("fail") }[status];
  return `${mark}  ${name.padEnd(8)}  ${printable(message)}\n${help === null ? "" : `                ${color.cyan(help)}\n`}`;
}
