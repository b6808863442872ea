import { hasState, openStore } from "../../compose.ts";
import { printable } from "../../diagnostic/printable.ts";
import { isStateKey, LONGEST_KEY } from "../../plan/state-key.ts";
import type { StateEntry, StateStore } from "../../store/store.ts";
import { readJson, type Json } from "../../util/json.ts";
import { findProject } from "../../util/project.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import type { Terminal } from "../terminal.ts";
import { stateLine, valueText } from "../view/state-line.ts";

export interface StateOptions {
  readonly json?: boolean;
  readonly state?: string;
  /** `set`: only if the present value is this one. */
  readonly from?: string;
}

/** `muster state list [prefix]` */
export const list = (terminal: Terminal, [prefix = ""]: readonly string[], options: StateOptions): Promise<ExitCode> =>
  inState(terminal, options, true, (state) => {
    const entries = state?.list(prefix) ?? [];
    if (options.json === true) terminal.out(`${JSON.stringify(entries.map(entryJson), null, 2)}\n`);
    else for (const entry of entries) terminal.out(`${stateLine(entry, terminal.outColor)}\n`);
    return exitCode.succeeded;
  });

/** `muster state get KEY` */
export const get = (terminal: Terminal, [key = ""]: readonly string[], options: StateOptions): Promise<ExitCode> =>
  inState(terminal, options, true, (state) => {
    const entry = state?.get(checkedKey(key)) ?? null;
    if (entry === null)
      throw new UsageError(`there is no value '${printable(key)}': 'muster state list' shows all`, exitCode.runFailed);
    terminal.out(options.json === true ? `${JSON.stringify(entryJson(entry), null, 2)}\n` : valueText(entry.value));
    return exitCode.succeeded;
  });

/** `muster state set KEY VALUE [--from VALUE]` */
export const set = (
  terminal: Terminal,
  [key = "", value = ""]: readonly string[],
  options: StateOptions,
): Promise<ExitCode> =>
  inState(terminal, options, false, (state) => {
    const name = checkedKey(key);
    const entry =
      options.from === undefined
        ? state?.set(name, parsed(value))
        : state?.compareAndSet(name, parsed(options.from), parsed(value));
    if (entry === undefined || entry === null)
      throw new UsageError(`'${printable(key)}' was not set: its value is not the one of --from`, exitCode.runFailed);
    if (options.json === true) terminal.out(`${JSON.stringify(entryJson(entry), null, 2)}\n`);
    else terminal.err(`${printable(key)} is set, version ${entry.version}\n`);
    return exitCode.succeeded;
  });

/** Opens the state; null where there is none yet and it is only read. */
async function inState(
  terminal: Terminal,
  options: StateOptions,
  readOnly: boolean,
  work: (state: StateStore | null) => ExitCode,
): Promise<ExitCode> {
  const project = findProject(terminal.cwd, options.state ?? null);
  if (readOnly && !hasState(project)) return work(null);
  const store = openStore(project, { readOnly });
  try {
    return work(store.state);
  } finally {
    store.close();
  }
}

function checkedKey(key: string): string {
  if (!isStateKey(key)) throw new UsageError(`a key has 1 to ${LONGEST_KEY} printable letters`);
  return key;
}

/** JSON where it is JSON, else the text itself. */
function parsed(text: string): Json {
  const json = readJson(text);
  return json.ok ? json.value : text;
}

function entryJson({ key, value, version, updatedAt }: StateEntry) {
  return { key, value, version, updated_at: new Date(updatedAt).toISOString() };
}
