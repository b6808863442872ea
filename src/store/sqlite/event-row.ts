import { crc32 } from "node:zlib";
import type { EventType, StoredEvent } from "../../run/event.ts";
import { DamagedRow } from "./error.ts";
import { RUN_SPAN } from "./run-span.ts";

/** A row of `event`; its id holds the seq. */
export interface EventRow {
  readonly id: number;
  readonly at: number;
  readonly type: string;
  readonly step: string | null;
  readonly item: number | null;
  readonly attempt: number | null;
  readonly data: string | null;
  readonly crc: number;
}

/** The columns of an event, checksum included, but the id. */
export function encodeEvent(event: StoredEvent): Omit<EventRow, "id"> {
  const row = {
    at: event.at,
    type: event.type,
    step: event.step ?? null,
    item: event.item ?? null,
    attempt: event.attempt ?? null,
    data: event.data === undefined ? null : JSON.stringify(event.data),
    crc: 0,
  };
  row.crc = crc32(eventText(row), event.seq);
  return row;
}

/** The event of the row that should be number `seq`. Throws DamagedRow. */
export function decodeEvent(row: EventRow, seq: number): StoredEvent {
  if (row.id % RUN_SPAN !== seq) throw new DamagedRow(`event ${seq} is missing`);
  if (crc32(eventText(row), seq) !== row.crc) throw new DamagedRow(`event ${seq} does not match its checksum`);
  return {
    seq,
    at: row.at,
    // A later muster of the same version may have written a type that this one does not know: readers ignore it.
    type: row.type as EventType,
    ...(row.step !== null && { step: row.step }),
    ...(row.item !== null && { item: row.item }),
    ...(row.attempt !== null && { attempt: row.attempt }),
    ...(row.data !== null && { data: JSON.parse(row.data) as NonNullable<StoredEvent["data"]> }),
  };
}

function eventText(row: Omit<EventRow, "id" | "crc">): string {
  return `${row.at} ${row.type} ${row.step} ${row.item} ${row.attempt} ${row.data}`;
}
