import { crc32 } from "node:zlib";
import type { RunFigures } from "../../run/figures.ts";
import type { Batch, RunAccount, RunRecord, Store } from "../store.ts";
import type { Connection } from "./connection.ts";
import { DamagedRow } from "./error.ts";
import { checkRow, findRow, ownerOf, type RunRow, type UncheckedRunRow } from "./run-row.ts";

/** A run with its figures; without any, its record tells which workflow it is of. */
type AccountRow = UncheckedRunRow & {
  readonly workflow: string | null;
  readonly version: string | null;
  readonly figures: string | null;
  readonly figures_crc: number | null;
  readonly record: string | null;
};

/** The version of the file that first has the tables: an older one that is only read has no figures. */
const SINCE_VERSION = 3;

const WITH_FIGURES = `SELECT run.*, workflow, version, figures.body AS figures, figures.crc AS figures_crc, record.body AS record
  FROM run LEFT JOIN figures ON figures.id = run.id LEFT JOIN record ON record.id = run.id AND figures.id IS NULL`;
const WITHOUT_FIGURES = `SELECT run.*, NULL AS workflow, NULL AS version, NULL AS figures, NULL AS figures_crc, record.body AS record
  FROM run LEFT JOIN record ON record.id = run.id`;

/** What runs took, and how far they were copied. */
export function accountTable(connection: Connection, fileVersion: number): Pick<Store, "listAccounts" | "copiedSeq"> {
  const { sql, read } = connection;
  const all = fileVersion < SINCE_VERSION ? WITHOUT_FIGURES : WITH_FIGURES;
  return {
    listAccounts: () =>
      read(() =>
        sql(`${all} ORDER BY started_at DESC, run.id DESC`)
          .all()
          .map((row) => accountOf(row as unknown as AccountRow)),
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
    const body = JSON.stringify(figures);
    sql("INSERT OR REPLACE INTO figures (id, workflow, version, body, crc) VALUES (?, ?, ?, ?, ?)").run(
      run.id,
      workflow,
      version,
      body,
      crcOf(workflow, version, body),
    );
  }
  if (copied !== undefined)
    sql("INSERT OR REPLACE INTO audit (id, seq, crc) VALUES (?, ?, ?)").run(run.id, copied, crc32(String(copied)));
}

function accountOf(columns: AccountRow): RunAccount {
  const row = checkRow(columns);
  const common = { runId: row.run_id, status: row.status, startedAt: row.started_at, lease: ownerOf(row) };
  if (row.figures === null || row.workflow === null) {
    if (row.record === null) throw new DamagedRow(`the record of run ${row.run_id} is missing`);
    const { workflow, workflowVersion } = JSON.parse(row.record) as RunRecord;
    return { ...common, workflow, workflowVersion, figures: null };
  }
  const { workflow, version } = row;
  if (crcOf(workflow, version, row.figures) !== row.figures_crc)
    throw new DamagedRow(`the figures of run ${row.run_id} do not match their checksum`);
  return { ...common, workflow, workflowVersion: version, figures: JSON.parse(row.figures) as RunFigures };
}

function crcOf(workflow: string, version: string | null, body: string): number {
  return crc32(`${workflow}\n${version ?? ""}\n${body}`);
}
