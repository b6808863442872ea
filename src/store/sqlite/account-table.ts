import { crc32 } from "node:zlib";
import type { Batch, RunAccount, RunRecord, RunStatus, Store } from "../store.ts";
import type { Connection } from "./connection.ts";
import { DamagedRow } from "./error.ts";
import { decodeFigures, encodeFigures } from "./figures-row.ts";
import { existingRow, findRow, ownerOf, type RunRow } from "./run-row.ts";

/** A run with its figures; without any, its record tells which workflow it is of. */
interface AccountRow {
  readonly id: number;
  readonly run_id: string;
  readonly status: RunStatus;
  readonly started_at: number;
  readonly workflow: string | null;
  readonly version: string | null;
  readonly figures: string | null;
  readonly figures_crc: number | null;
}

/** The version of the file that first has the tables: an older one that is only read has no figures. */
const SINCE_VERSION = 3;

// Thousands of rows at once: of a run that has figures only what changes no more is read, and its lease where it is held.
const WITH_FIGURES = `SELECT run.id AS id, run_id, status, started_at, workflow, version, body AS figures, figures.crc AS figures_crc
  FROM run LEFT JOIN figures ON figures.id = run.id`;
const WITHOUT_FIGURES =
  "SELECT id, run_id, status, started_at, NULL AS workflow, NULL AS version, NULL AS figures, NULL AS figures_crc FROM run";

/** What runs took, and how far they were copied. */
export function accountTable(connection: Connection, fileVersion: number): Pick<Store, "listAccounts" | "copiedSeq"> {
  const { sql, read } = connection;
  const all = fileVersion < SINCE_VERSION ? WITHOUT_FIGURES : WITH_FIGURES;
  return {
    listAccounts: () =>
      read(() =>
        sql(`${all} ORDER BY started_at DESC, run.id DESC`)
          .all()
          .map((row) => accountOf(connection, row as unknown as AccountRow)),
      ),
    copiedSeq: (runId) =>
      read(() => {
        const run = fileVersion < SINCE_VERSION ? null : findRow(connection, runId);
        const row = run === null ? undefined : sql("SELECT seq, crc FROM audit WHERE id = ?").get(run.id);
        if (row === undefined) return 0;
        const seq = row["seq"] as number;
        if (crc32(String(seq)) !== row["crc"])
          throw new DamagedRow(`how far run ${runId} was copied does not match its checksum`);
        return seq;
      }),
  };
}

/** Writes what a batch says of the run as a whole, within its transaction. */
export function writeAccount({ sql }: Connection, run: RunRow, { figures, copied }: Batch): void {
  if (figures !== undefined) {
    const record = sql("SELECT body FROM record WHERE id = ?").get(run.id)?.["body"] as string;
    const { workflow, workflowVersion: version } = JSON.parse(record) as RunRecord;
    const body = encodeFigures(figures);
    sql("INSERT OR REPLACE INTO figures (id, workflow, version, body, crc) VALUES (?, ?, ?, ?, ?)").run(
      run.id,
      workflow,
      version,
      body,
      figuresCrc(workflow, version, body),
    );
  }
  if (copied !== undefined)
    sql("INSERT OR REPLACE INTO audit (id, seq, crc) VALUES (?, ?, ?)").run(run.id, copied, crc32(String(copied)));
}

function accountOf(connection: Connection, row: AccountRow): RunAccount {
  const { run_id: runId, status, started_at: startedAt, workflow, version, figures } = row;
  const lease = status === "running" ? ownerOf(existingRow(connection, runId)) : null;
  const common = { runId, status, startedAt, lease };
  if (figures === null || workflow === null) {
    const record = connection.sql("SELECT body FROM record WHERE id = ?").get(row.id)?.["body"];
    if (typeof record !== "string") throw new DamagedRow(`the record of run ${runId} is missing`);
    const { workflow: name, workflowVersion } = JSON.parse(record) as RunRecord;
    return { ...common, workflow: name, workflowVersion, figures: null };
  }
  if (figuresCrc(workflow, version, figures) !== row.figures_crc)
    throw new DamagedRow(`the figures of run ${runId} do not match their checksum`);
  return { ...common, workflow, workflowVersion: version, figures: decodeFigures(figures) };
}

/** The checksum of a run's figures. */
export function figuresCrc(workflow: string, version: string | null, body: string): number {
  return crc32(`${workflow}\n${version ?? ""}\n${body}`);
}
