import type { RunRecord } from "../../store.ts";
import type { Connection } from "../connection.ts";
import { encodeEvent } from "../event-row.ts";
import { NAMED } from "../prune.ts";
import { insertRow, leaseColumns, saveRow, type RunRow } from "../run-row.ts";
import { OF_RUN, RUN_SPAN, spanOf } from "../run-span.ts";

/**
 * Makes runs of the rows that were saved, inside a transaction: counts agree, seqs have no gap, and values that are
 * named are there. Tells what is lost, a sentence each.
 */
export function mendRuns(connection: Connection, isWholeBlob: (name: string) => boolean): string[] {
  const losses: string[] = [];
  for (const id of runIds(connection)) losses.push(...mendRun(connection, id, isWholeBlob));
  return losses;
}

function runIds({ sql }: Connection): number[] {
  return sql(
    `SELECT id FROM run UNION SELECT id FROM record UNION SELECT id / ${RUN_SPAN} AS id FROM event
     UNION SELECT id / ${RUN_SPAN} AS id FROM fact ORDER BY id`,
  )
    .all()
    .map(({ id }) => id as number);
}

function mendRun(connection: Connection, id: number, isWholeBlob: (name: string) => boolean): string[] {
  const { sql } = connection;
  const known = (sql("SELECT * FROM run WHERE id = ?").get(id) as RunRow | undefined) ?? null;
  const record = sql("SELECT body FROM record WHERE id = ?").get(id)?.["body"] as string | undefined;
  const [first, end] = spanOf(id);
  if (record === undefined) return [dropRun(connection, id, known)];
  const run = known ?? rowOf(connection, id, JSON.parse(record) as RunRecord);
  const losses: string[] = [];
  const say = (text: string): void => void losses.push(`run ${run.run_id}: ${text}`);

  // What lies behind the last one that the run knows of was never committed with it, or deleted.
  sql("DELETE FROM event WHERE id > ? AND id < ?").run(first + run.last_seq, end);
  sql("DELETE FROM fact WHERE id > ? AND id < ?").run(first + run.last_place, end);
  for (const [table, column] of [
    ["fact", "body"],
    ["event", "data"],
  ] as const) {
    const naming = sql(`SELECT id, ${column} AS text FROM ${table} WHERE ${OF_RUN} AND ${column} LIKE '%"blob":"%'`);
    for (const row of naming.all(first, end)) {
      const names = [...(row["text"] as string).matchAll(NAMED)].map(([, name = ""]) => name);
      if (!names.every(isWholeBlob)) sql(`DELETE FROM ${table} WHERE id = ?`).run(row["id"] as number);
    }
  }

  const facts = sql(`SELECT count(*) AS count FROM fact WHERE ${OF_RUN}`).get(first, end)?.["count"] as number;
  if (known === null)
    say("how it stood is lost; it counts as interrupted, without active time, and with the outcomes that are left");
  else if (facts < run.fact_count) {
    const steps = stepsWithoutFacts(connection, id);
    const among = steps.length === 0 ? "" : `, all of ${steps.map((step) => `'${step}'`).join(", ")} among them`;
    say(`${run.fact_count - facts} of its ${run.fact_count} outcomes are lost${among}: a resume does that work again`);
  }
  if (known === null) insertRow(connection, { ...run, fact_count: facts });
  else saveRow(connection, { ...run, fact_count: facts });
  for (const [from, to] of fillGaps(connection, run)) {
    const lost = from === to ? `event ${from} is` : `events ${from} to ${to} are`;
    say(`${lost} lost; 'muster logs' says so in their place`);
  }
  return losses;
}

/** A run of which nothing but what it was started with, and some rows, are left. */
function rowOf({ sql }: Connection, id: number, { runId, startedAt }: RunRecord): RunRow {
  const [first, end] = spanOf(id);
  const last = (table: "event" | "fact"): number => {
    const max = sql(`SELECT max(id) AS max FROM ${table} WHERE ${OF_RUN}`).get(first, end)?.["max"] as number | null;
    return max === null ? 0 : max - first;
  };
  const started = sql(`SELECT at, data FROM event WHERE ${OF_RUN} AND type = 'run.started' ORDER BY id DESC LIMIT 1`);
  const newest = started.get(first, end);
  const told = JSON.parse((newest?.["data"] as string | null | undefined) ?? "{}") as { readonly epoch?: number };
  return {
    id,
    run_id: runId,
    started_at: startedAt,
    status: "interrupted",
    updated_at: (newest?.["at"] as number | undefined) ?? startedAt,
    // Far behind any start whose event may be lost: none of them may write any more.
    epoch: (told.epoch ?? 1) + 1000,
    active_ms: 0,
    last_seq: last("event"),
    last_place: last("fact"),
    fact_count: 0,
    ...leaseColumns(null),
  };
}

/** Top-level steps that were started and have nothing on the record. */
function stepsWithoutFacts({ sql }: Connection, id: number): string[] {
  const [first, end] = spanOf(id);
  const started = sql(`SELECT DISTINCT step FROM event WHERE ${OF_RUN} AND type = 'attempt.started'`).all(first, end);
  const steps = new Set(started.flatMap(({ step }) => (step === null ? [] : [String(step).replace(/[[/].*/, "")])));
  for (const { key } of sql(`SELECT key FROM fact WHERE ${OF_RUN}`).all(first, end))
    steps.delete(String(key).replace(/[#/].*/, ""));
  return [...steps];
}

/** Puts an event that says so in the place of each that is lost; tells which. */
function fillGaps({ sql }: Connection, run: RunRow): [from: number, to: number][] {
  const [first, end] = spanOf(run.id);
  const rows = sql(`SELECT id, at FROM event WHERE ${OF_RUN} ORDER BY id`).all(first, end) as unknown as readonly {
    readonly id: number;
    readonly at: number;
  }[];
  const gaps: { readonly from: number; readonly to: number; readonly at: number }[] = [];
  let seq = 0;
  let at = run.started_at;
  for (const row of [...rows, { id: first + run.last_seq + 1, at: 0 }]) {
    const found = row.id - first;
    if (found > seq + 1) gaps.push({ from: seq + 1, to: found - 1, at });
    [seq, at] = [found, row.at];
  }
  const insert = sql(
    "INSERT INTO event (id, at, type, step, item, attempt, data, crc) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  for (const { from, to, at: when } of gaps) {
    const which = from === to ? `event ${from} was` : `events ${from} to ${to} were`;
    const data = { level: "warn", message: `${which} lost with a damaged state file` };
    for (let lost = from; lost <= to; lost += 1) {
      const row = encodeEvent({ seq: lost, at: when, type: "log", data });
      insert.run(first + lost, row.at, row.type, row.step, row.item, row.attempt, row.data, row.crc);
    }
  }
  return gaps.map(({ from, to }) => [from, to]);
}

/** Without what it was started with, a run can neither go on nor be shown. */
function dropRun({ sql }: Connection, id: number, run: RunRow | null): string {
  const count = (table: "event" | "fact"): number =>
    Number(sql(`DELETE FROM ${table} WHERE ${OF_RUN}`).run(...spanOf(id)).changes);
  const [events, facts] = [count("event"), count("fact")];
  sql("DELETE FROM run WHERE id = ?").run(id);
  return `run ${run?.run_id ?? `number ${id}, its name is lost`}: what it was started with is lost, and the run with it (${events} events and ${facts} outcomes of it were whole)`;
}
