import { relative, resolve } from "node:path";
import { hasState, mayTake, openStore } from "../../compose.ts";
import { readValue } from "../../engine/local/stored-value.ts";
import type { Frozen } from "../../engine/local/surroundings.ts";
import type { PlannedDelivery } from "../../plan/delivery.ts";
import type { Message, Session } from "../../store/session.ts";
import type { Store } from "../../store/store.ts";
import { systemClock } from "../../util/clock.ts";
import { formatDuration } from "../../util/duration.ts";
import type { JsonObject } from "../../util/json.ts";
import { findProject, type Project } from "../../util/project.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { openForReading } from "../find-run.ts";
import { findSession } from "../find-session.ts";
import type { Terminal } from "../terminal.ts";
import { sessionJson, sessionLines, turnJson, turnLines, type SeenSession } from "../view/session.ts";
import { run as runFile, type RunOptions } from "./run.ts";

export interface SessionOptions {
  readonly json?: boolean;
  readonly state?: string;
}

const NONE = "no sessions: a workflow with `sessions` makes them, or 'muster sessions spawn'\n";

/** How often a mailbox is looked into. */
const LOOK_MS = 250;

/** `muster sessions list` */
export async function list(terminal: Terminal, _args: readonly string[], options: SessionOptions): Promise<ExitCode> {
  const project = findProject(terminal.cwd, options.state ?? null);
  const seen = hasState(project)
    ? withState(project, (store) => store.sessions.list().map((one) => see(store, one)))
    : [];
  if (options.json === true) terminal.out(`${JSON.stringify(seen.map(sessionJson), null, 2)}\n`);
  else if (seen.length === 0) terminal.err(NONE);
  else terminal.out(sessionLines(seen, terminal.outColor));
  return exitCode.succeeded;
}

/** `muster sessions history SESSION` */
export async function history(
  terminal: Terminal,
  [name = ""]: readonly string[],
  options: SessionOptions & { readonly member?: number; readonly limit?: number; readonly tools?: boolean },
): Promise<ExitCode> {
  return withState(findProject(terminal.cwd, options.state ?? null), (store) => {
    const session = findSession(store, name);
    const members = options.member === undefined ? session.members.map((_, index) => index + 1) : [options.member];
    if (members.some((member) => member > session.members.length))
      throw new UsageError(`--member ${members[0]}: ${session.id} has ${session.members.length}`);
    const all = members
      .flatMap((member) => store.sessions.turns(session.id, member))
      .sort((a, b) => a.at - b.at || a.member - b.member || a.n - b.n);
    const turns = options.limit === undefined ? all : all.slice(-options.limit);
    const hasTools = options.tools === true;
    const read = (ref: Parameters<typeof readValue>[1]) => readValue(store, ref);
    if (options.json === true)
      terminal.out(
        `${JSON.stringify(
          turns.map((turn) => turnJson(turn, read, hasTools)),
          null,
          2,
        )}\n`,
      );
    else if (turns.length === 0) terminal.err(`nobody said anything in ${session.id} yet\n`);
    else terminal.out(turnLines(turns, read, hasTools, terminal.outColor));
    return exitCode.succeeded;
  });
}

export type SendOptions = Omit<RunOptions, "delivery" | "known"> & { readonly wait?: number };

/** `muster sessions spawn FILE SESSION MESSAGE`: a run of its own that gives a session of the file its first message. */
export async function spawn(
  terminal: Terminal,
  [file = "", session = "", text = ""]: readonly string[],
  options: SendOptions,
): Promise<ExitCode> {
  return deliver(terminal, file, { session, text, existing: null, waitMs: options.wait ?? null }, null, options);
}

/** `muster sessions send SESSION MESSAGE`: this process has the session's agent answer, in a run of its own. */
export async function send(
  terminal: Terminal,
  [name = "", text = ""]: readonly string[],
  options: SendOptions,
): Promise<ExitCode> {
  const project = findProject(terminal.cwd, options.state ?? null);
  const { session, inputs } = withState(project, (store) => {
    const found = findSession(store, name);
    return { session: found, inputs: inputsOf(store, found) };
  });
  const { id, runId, agent, workflow, scope, pool, idleMs } = session;
  const delivery: PlannedDelivery = {
    session: session.name,
    text,
    existing: { agent, workflow, scope, pool, idleMs, existing: { id, runId } },
    waitMs: options.wait ?? null,
  };
  const file = relative(terminal.cwd, resolve(project.root, session.manifestPath));
  return deliver(terminal, file, delivery, inputs, options);
}

async function deliver(
  terminal: Terminal,
  file: string,
  delivery: PlannedDelivery,
  known: JsonObject | null,
  { wait: _wait, ...options }: SendOptions,
): Promise<ExitCode> {
  if (delivery.text.trim() === "") throw new UsageError("the message is empty");
  return runFile(terminal, [file], { ...options, delivery, known });
}

/** `muster sessions wait SESSION`: until nobody waits for an answer any more. */
export async function wait(
  terminal: Terminal,
  [name = ""]: readonly string[],
  options: SessionOptions & { readonly timeout: number },
): Promise<ExitCode> {
  const store = openForReading(findProject(terminal.cwd, options.state ?? null));
  try {
    const session = findSession(store, name);
    const until = systemClock.monotonic() + options.timeout;
    for (;;) {
      const seen = see(store, session);
      const open = seen.open.filter(seen.isLive);
      if (open.length === 0) return exitCode.succeeded;
      if (systemClock.monotonic() >= until) {
        terminal.err(
          `${open.length} ${open.length === 1 ? "message" : "messages"} of ${session.id} not answered within ${formatDuration(options.timeout)}\n`,
        );
        return exitCode.waiting;
      }
      await new Promise<void>((done) => systemClock.after(LOOK_MS, done));
    }
  } finally {
    store.close();
  }
}

/** `muster sessions close SESSION`: the next message begins a new conversation. */
export async function close(
  terminal: Terminal,
  [name = ""]: readonly string[],
  options: SessionOptions,
): Promise<ExitCode> {
  const project = findProject(terminal.cwd, options.state ?? null);
  if (!hasState(project)) throw new UsageError(`there is no state in ${project.statePath}`);
  const store = openStore(project, { readOnly: false });
  try {
    const { id } = findSession(store, name);
    if (!store.sessions.close(id, mayTake(systemClock)))
      throw new UsageError(`${id} is in a turn: 'muster sessions wait ${id}' waits for its end`);
    terminal.err(`closed ${id}: what was said stays in its history, and the next message begins anew\n`);
    return exitCode.succeeded;
  } finally {
    store.close();
  }
}

function withState<T>(project: Project, look: (store: Store) => T): T {
  const store = openForReading(project);
  try {
    return look(store);
  } finally {
    store.close();
  }
}

/** A session with what is going on in it now. */
export function see(store: Store, session: Session): SeenSession {
  const isDead = mayTake(systemClock);
  const isLive = ({ sender }: Message): boolean => {
    const run = store.findRun(sender.runId);
    return run !== null && run.epoch === sender.epoch && run.lease !== null && !isDead(run.lease);
  };
  return { session, open: store.sessions.waiting(session.id), isLive };
}

/** A session of a run sees the inputs of that. */
export function inputsOf(store: Store, { runId }: Session): JsonObject | null {
  const run = runId === null ? null : store.findRun(runId);
  return run === null ? null : (run.frozen as unknown as Frozen).inputs;
}
