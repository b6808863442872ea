import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import type { StoredEvent } from "../run/event.ts";
import type { AuditCopy } from "./reporter.ts";
import { eventJson } from "../run/event-json.ts";
import type { ReadValue } from "../run/step-value.ts";

export interface AuditFileOptions {
  /** Absolute path of the file; the folders above it are made. */
  readonly path: string;
  /** Parts older than this are deleted; null = nothing is. */
  readonly keepMs: number | null;
  readonly runId: string;
  /** The last `seq` that is known to be in the copy. */
  readonly from: number;
  /** Committed events behind a `seq`, in order. */
  readonly readEvents: (after: number) => Iterable<StoredEvent>;
  readonly readValue: ReadValue;
  readonly now: () => number;
  /** Told once that the copy cannot be written; the run goes on without it, and later events try again. */
  readonly warn: (message: string) => void;
}

/** Lines are written in pieces of about this size, each by one call: nobody else's line comes into it. */
const PIECE_CHARACTERS = 1024 * 1024;

/**
 * Opens the copy of a run. Every piece is appended by one write of whole lines, so that several runs can share a file
 * of a local disk. A line that was cut (a full disk, a crash) is left as it is, and written again as a whole after a
 * line feed: each line that can be read is true, and each event is there at least once; `run_id` and `seq` tell doubles.
 * Throws the system's error when the file cannot be opened.
 */
export function openAuditFile(options: AuditFileOptions): AuditCopy {
  const { path, keepMs, runId, readEvents, readValue, now, warn } = options;
  mkdirSync(dirname(path), { recursive: true });
  if (keepMs !== null) retire(path, keepMs, now());
  const file = openSync(path, "a+", 0o600);
  let written = options.from;
  let durable = options.from;
  let isTorn = !endsWithLine(file);
  let hasWarned = false;

  const append = (text: string): void => {
    const bytes = Buffer.from(isTorn ? `\n${text}` : text, "utf8");
    isTorn = true;
    const count = writeSync(file, bytes);
    if (count < bytes.length) throw new Error("the disk is full");
    isTorn = false;
  };
  const write = (events: Iterable<StoredEvent>): void => {
    let piece = "";
    let last = written;
    for (const event of events) {
      piece += `${JSON.stringify(eventJson(runId, event, readValue))}\n`;
      last = event.seq;
      if (piece.length < PIECE_CHARACTERS) continue;
      append(piece);
      written = last;
      piece = "";
    }
    if (piece !== "") append(piece);
    written = last;
  };
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!hasWarned) warn(`the audit copy ${path} cannot be written: ${(error as Error).message}; the run goes on`);
      hasWarned = true;
    }
  };
  return {
    onEvents: (events) =>
      guarded(() => {
        const [first] = events;
        write(first !== undefined && first.seq === written + 1 ? events : readEvents(written));
      }),
    sync() {
      guarded(() => {
        if (written === durable) return;
        fdatasyncSync(file);
        durable = written;
      });
      return durable;
    },
    close: () => closeSync(file),
  };
}

/** How each line of a copy begins. */
const LINE_START = '{"v":';

/** Whether an open file is empty or has lines of events: whatever else a file holds must be left alone. */
export function isAuditCopy(file: number): boolean {
  const start = Buffer.alloc(LINE_START.length + 1);
  // A line that was cut right at its start is followed by a line feed.
  const [text = ""] = start.toString("latin1", 0, readSync(file, start, 0, start.length, 0)).split("\n");
  return LINE_START.startsWith(text) || text.startsWith(LINE_START);
}

function endsWithLine(file: number): boolean {
  const { size } = fstatSync(file);
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last[0] === 0x0a;
}

/** A part is closed when its first line is so old, at the latest; never more often than once a day. */
const PART_SHARE = 1 / 4;
const SHORTEST_PART_MS = 86_400_000;

/**
 * Puts a file aside whose first line is old, under a name of its own, and deletes such parts once their last line is
 * older than `keepMs`. Whoever still writes to a part goes on in it: no line is lost.
 */
function retire(path: string, keepMs: number, now: number): void {
  const begun = existsSync(path) ? firstTime(path) : null;
  const extension = extname(path);
  const stem = basename(path, extension);
  const folder = dirname(path);
  if (begun !== null && now - begun > Math.max(keepMs * PART_SHARE, SHORTEST_PART_MS)) {
    const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
    try {
      renameSync(path, join(folder, `${stem}.${time}-${randomBytes(3).toString("hex")}${extension}`));
    } catch (error) {
      // Another run was quicker.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`${stem}.`) || !name.endsWith(extension)) continue;
    if (!/^\d{8}T\d{6}Z-[0-9a-f]{6}$/.test(name.slice(stem.length + 1, name.length - extension.length))) continue;
    const part = join(folder, name);
    const found = statSync(part, { throwIfNoEntry: false });
    if (found !== undefined && now - found.mtimeMs > keepMs) rmSync(part, { force: true });
  }
}

/** When the first line of a file happened; null when it does not say. */
function firstTime(path: string): number | null {
  const file = openSync(path, "r");
  try {
    const start = Buffer.alloc(64 * 1024);
    const text = start.toString("utf8", 0, readSync(file, start, 0, start.length, 0));
    const at = /"at":"([^"]+)"/.exec(text)?.[1];
    const time = at === undefined ? Number.NaN : Date.parse(at);
    return Number.isNaN(time) ? null : time;
  } finally {
    closeSync(file);
  }
}
