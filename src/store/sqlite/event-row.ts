import { crc32 } from "node:zlib";
import type { EventType, StoredEvent } from "../../run/event.ts";
import type { Json } from "../../util/json.ts";
import type { Connection } from "./connection.ts";
import { DamagedRow } from "./error.ts";
import { RUN_SPAN, spanOf } from "./run-span.ts";

/** A row of `event`: one event, or a list of them that were committed together; its id holds the last seq. */
export interface EventRow {
  readonly id: number;
  /** Of the first event. */
  readonly at: number;
  /** `LIST` for several events. */
  readonly type: string;
  readonly step: string | null;
  readonly item: number | null;
  readonly attempt: number | null;
  /** The event's data as JSON, or the list of events. */
  readonly data: string | null;
  readonly crc: number;
}

/** The `type` of a row with several events: no event has it. */
const LIST = "*";

/** Events in one row: bounds what a reader of a few has to decode, and what a damaged row takes with it. */
const MOST_IN_A_ROW = 64;

/** An event in a list, without its trailing parts that are null. */
type ListedEvent = [
  /** Milliseconds after the first one. */
  later: number,
  type: string,
  step?: string | null,
  item?: number | null,
  attempt?: number | null,
  data?: StoredEvent["data"] | null,
];

/** Writes events of a run, within a transaction; their seqs follow each other. */
export function insertEvents({ sql }: Connection, run: number, events: readonly StoredEvent[]): void {
  const insert = sql(
    "INSERT INTO event (id, at, type, step, item, attempt, data, crc) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const [before] = spanOf(run);
  for (let from = 0; from < events.length; from += MOST_IN_A_ROW) {
    const row = encodeRow(events.slice(from, from + MOST_IN_A_ROW), before);
    insert.run(row.id, row.at, row.type, row.step, row.item, row.attempt, row.data, row.crc);
  }
}

function encodeRow(events: readonly StoredEvent[], before: number): EventRow {
  const { at, type, step = null, item = null, attempt = null, data } = events[0] as StoredEvent;
  const { seq } = events.at(-1) as StoredEvent;
  const row =
    events.length === 1
      ? { at, type, step, item, attempt, data: data === undefined ? null : JSON.stringify(data) }
      : {
          at,
          type: LIST,
          step: null,
          item: null,
          attempt: null,
          data: JSON.stringify(events.map((event) => listed(event, at))),
        };
  return { id: before + seq, ...row, crc: crc32(eventText(row), seq) };
}

function listed({ at, type, step, item, attempt, data }: StoredEvent, first: number): ListedEvent {
  const later = at - first;
  if (data !== undefined) return [later, type, step ?? null, item ?? null, attempt ?? null, data];
  if (attempt !== undefined) return [later, type, step ?? null, item ?? null, attempt];
  if (item !== undefined) return [later, type, step ?? null, item];
  return step === undefined ? [later, type] : [later, type, step];
}

/** The events of the row that should hold number `seq`, those before it too. Throws DamagedRow. */
export function decodeEvents(row: EventRow, seq: number): StoredEvent[] {
  const events = decodeEventRow(row);
  if ((events[0]?.seq ?? Infinity) > seq) throw new DamagedRow(`event ${seq} is missing`);
  return events;
}

/** The events of any row. Throws DamagedRow. */
export function decodeEventRow(row: EventRow): StoredEvent[] {
  const last = row.id % RUN_SPAN;
  if (crc32(eventText(row), last) !== row.crc) throw new DamagedRow(`event ${last} does not match its checksum`);
  const data = row.data === null ? null : (JSON.parse(row.data) as Json);
  const events = (
    row.type === LIST ? data : [[0, row.type, row.step, row.item, row.attempt, data]]
  ) as readonly ListedEvent[];
  const first = last - events.length + 1;
  return events.map((event, index) => decode(event, row.at, first + index));
}

function decode(
  [later, type, step = null, item = null, attempt = null, data = null]: ListedEvent,
  first: number,
  seq: number,
): StoredEvent {
  return {
    seq,
    at: first + later,
    // A later muster of the same version may have written a type that this one does not know: readers ignore it.
    type: type as EventType,
    ...(step !== null && { step }),
    ...(item !== null && { item }),
    ...(attempt !== null && { attempt }),
    ...(data !== null && { data }),
  };
}

function eventText(row: Omit<EventRow, "id" | "crc">): string {
  return `${row.at} ${row.type} ${row.step} ${row.item} ${row.attempt} ${row.data}`;
}
