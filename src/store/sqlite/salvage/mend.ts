import type { RunRecord } from "../../store.ts";
import type { Connection } from "../connection.ts";
import type { StoredEvent } from "../../../run/event.ts";
import { decodeEventRow, insertEvents, type EventRow } from "../event-row.ts";
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
  const isWhole = (text: string): boolean => [...text.matchAll(NAMED)].every(([, name = ""]) => isWholeBlob(name));
  for (const { id: place, body } of sql(`SELECT id, body FROM fact WHERE ${OF_RUN} AND body LIKE ${NAMING}`).all(
    first,
    end,
  ))
    if (!isWhole(body as string)) sql("DELETE FROM fact WHERE id = ?").run(place as number);
  for (const row of eventRows(connection, id, `AND data LIKE ${NAMING}`)) {
    if (isWhole(row.data ?? "")) continue;
    sql("DELETE FROM event WHERE id = ?").run(row.id);
    // Those beside it in the row keep their values.
    for (const event of decodeEventRow(row)) if (isWhole(JSON.stringify(event))) insertEvents(connection, id, [event]);
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
function rowOf(connection: Connection, id: number, { runId, startedAt }: RunRecord): RunRow {
  const { sql } = connection;
  const [first, end] = spanOf(id);
  const last = (table: "event" | "fact"): number => {
    const max = sql(`SELECT max(id) AS max FROM ${table} WHERE ${OF_RUN}`).get(first, end)?.["max"] as number | null;
    return max === null ? 0 : max - first;
  };
  let newest: StoredEvent | null = null;
  for (const event of eventsOf(connection, id)) if (event.type === "run.started") newest = event;
  const epoch = newest?.data?.["epoch"];
  return {
    id,
    run_id: runId,
    started_at: startedAt,
    status: "interrupted",
    updated_at: newest?.at ?? startedAt,
    // Far behind any start whose event may be lost: none of them may write any more.
    epoch: (typeof epoch === "number" ? epoch : 1) + 1000,
    active_ms: 0,
    last_seq: last("event"),
    last_place: last("fact"),
    fact_count: 0,
    ...leaseColumns(null),
  };
}

/** Top-level steps that were started and have nothing on the record. */
function stepsWithoutFacts(connection: Connection, id: number): string[] {
  const steps = new Set<string>();
  for (const { type, step } of eventsOf(connection, id))
    if (type === "attempt.started" && step !== undefined) steps.add(step.replace(/[[/].*/, ""));
  for (const { key } of connection.sql(`SELECT key FROM fact WHERE ${OF_RUN}`).all(...spanOf(id)))
    steps.delete(String(key).replace(/[#/].*/, ""));
  return [...steps];
}

/** Puts an event that says so in the place of each that is lost; tells which. */
function fillGaps(connection: Connection, run: RunRow): [from: number, to: number][] {
  const gaps: { readonly from: number; readonly to: number; readonly at: number }[] = [];
  let seq = 0;
  let at = run.started_at;
  const look = (found: number): void => {
    if (found > seq + 1) gaps.push({ from: seq + 1, to: found - 1, at });
  };
  for (const event of eventsOf(connection, run.id)) {
    look(event.seq);
    ({ seq, at } = event);
  }
  look(run.last_seq + 1);
  for (const { from, to, at: when } of gaps) {
    const which = from === to ? `event ${from} was` : `events ${from} to ${to} were`;
    const data = { level: "warn", message: `${which} lost with a damaged state file` };
    const inPlace = Array.from(
      { length: to - from + 1 },
      (_, n) => ({ seq: from + n, at: when, type: "log", data }) as const,
    );
    insertEvents(connection, run.id, inPlace);
  }
  return gaps.map(({ from, to }) => [from, to]);
}

/** Rows with a name of a blob. */
const NAMING = `'%"blob":"%'`;

function eventRows({ sql }: Connection, run: number, and = ""): EventRow[] {
  return sql(`SELECT * FROM event WHERE ${OF_RUN} ${and} ORDER BY id`).all(...spanOf(run)) as unknown as EventRow[];
}

function* eventsOf(connection: Connection, run: number): Generator<StoredEvent> {
  for (const row of eventRows(connection, run)) yield* decodeEventRow(row);
}

/** Without what it was started with, a run can neither go on nor be shown. */
function dropRun(connection: Connection, id: number, run: RunRow | null): string {
  const { sql } = connection;
  const events = [...eventsOf(connection, id)].length;
  sql(`DELETE FROM event WHERE ${OF_RUN}`).run(...spanOf(id));
  const facts = sql(`DELETE FROM fact WHERE ${OF_RUN}`).run(...spanOf(id)).changes;
  sql("DELETE FROM run WHERE id = ?").run(id);
  return `run ${run?.run_id ?? `number ${id}, its name is lost`}: what it was started with is lost, and the run with it (${events} events and ${facts} outcomes of it were whole)`;
}
