import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { failure, type Failure } from "../../run/failure.ts";
import { readJson, type JsonObject } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import { runProcess } from "../process/run-process.ts";
import { answerTooLarge, LONGEST_ANSWER_BYTES, readOnlyFailure, type SqlRequest, type SqlRows } from "./sql.ts";
import { sqliteArguments, type SqliteAnswer, type SqliteQuestion } from "./sqlite-program.ts";

/** How long a statement waits for another that writes. */
const BUSY_TIMEOUT_MS = 5_000;
/** It has nothing to put away: SQLite undoes what was not committed when the file is opened next. */
const KILL_GRACE_MS = 100;

export interface SqliteOptions {
  /** Absolute path of the folder that the file must lie in. */
  readonly workspace: string;
  /** The program `node`. */
  readonly node: string;
  /** What tells programs of this run from others. */
  readonly env: { readonly [name: string]: string };
  readonly label: string;
  readonly signal: AbortSignal;
}

/** Asks a SQLite file of the workspace, in a process of its own. An abort ends it soon; what was not committed is undone. */
export async function askSqlite(
  path: string,
  request: SqlRequest,
  options: SqliteOptions,
): Promise<Result<SqlRows, Failure>> {
  const { label, node, env, signal, workspace } = options;
  const file = fileIn(workspace, path, label, request.isWrite);
  if (!file.ok) return file;
  const question: SqliteQuestion = {
    path: file.value,
    ...request,
    longestAnswer: LONGEST_ANSWER_BYTES,
    busyTimeoutMs: BUSY_TIMEOUT_MS,
  };
  const result = await runProcess(
    {
      command: { argv: [node, ...sqliteArguments()] },
      cwd: workspace,
      env,
      stdin: JSON.stringify(question),
      outputLimitBytes: 4 * LONGEST_ANSWER_BYTES,
    },
    { signal, killGraceMs: KILL_GRACE_MS },
  );
  if (signal.aborted) return err(failure("cancelled", "cancelled", `'${label}' was stopped`));
  const answer = readJson(result.stdout);
  if (result.exitCode !== 0 || !answer.ok) {
    const why =
      result.spawnError ?? (result.stderr.trim().slice(-2000) || `it ended with ${result.signal ?? result.exitCode}`);
    return err(failure("server", "sqlite", `the process that asks SQLite for '${label}' failed: ${why}`));
  }
  const told = answer.value as unknown as SqliteAnswer;
  if (told.kind === "rows") return ok(told.rows as readonly JsonObject[]);
  return err(told.kind === "too_large" ? answerTooLarge(label) : sqliteFailure(label, path, told));
}

/** The file behind a path of the workspace, links followed. */
function fileIn(workspace: string, path: string, label: string, isWrite: boolean): Result<string, Failure> {
  const root = realpathSync(workspace);
  const file = resolve(root, path);
  const outside = failure("invalid", "path_outside", `the database of '${label}' is not in the workspace: ${path}`, {
    help: "write a path relative to it: sqlite:data/app.db",
  });
  if (path.trim() === "" || path.includes("\0") || isAbsolute(path) || !isInside(root, file)) return err(outside);
  const isThere = existsSync(file);
  const folder = dirname(file);
  if (!isThere && (!isWrite || !existsSync(folder))) {
    return err(
      failure("invalid", "no_database", `there is no database ${path} for '${label}'`, {
        help: isWrite ? "make its folder first" : "a statement that writes makes the file",
      }),
    );
  }
  const real = isThere ? realpathSync(file) : join(realpathSync(folder), basename(file));
  if (!isInside(root, real)) return err(outside);
  // The state of the runs themselves: a run that changes it has no ground to stand on.
  if (relative(root, real).split(/[\\/]/).includes(".muster")) {
    return err(failure("invalid", "path_outside", `'${label}' may not open a file of .muster: ${path}`));
  }
  return ok(real);
}

function isInside(root: string, file: string): boolean {
  const path = relative(root, file);
  return path !== "" && path !== ".." && !path.startsWith("../") && !path.startsWith("..\\") && !isAbsolute(path);
}

/** The primary result codes (https://www.sqlite.org/rescode.html) that are not a mistake in the statement. */
function sqliteFailure(
  label: string,
  path: string,
  { code, message }: { readonly code: number; readonly message: string },
): Failure {
  const text = `${path} answers '${label}': ${message}`;
  switch (code & 255) {
    case 5:
    case 6:
      return failure("overloaded", "sqlite_busy", text, { help: "another program writes to it" });
    case 8:
      return readOnlyFailure(label, message);
    case 10:
    case 13:
      return failure("server", `sqlite_${code & 255}`, text);
    case 19:
      return failure("invalid", "constraint", text);
    default:
      return failure("invalid", `sqlite_${code & 255}`, text);
  }
}
