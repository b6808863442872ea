import type { Pages } from "./pages.ts";
import { decodeRecord, readVarint, type Column } from "./record.ts";

/** What a page of a tree holds as a row; without `rowid` it is of a table without one, or of an index. */
export interface Cell {
  readonly rowid: number | null;
  /** null = it cannot be read. */
  readonly columns: readonly Column[] | null;
}

/** What was found in a page. */
export interface Found {
  readonly cells: readonly Cell[];
  /** Whether its head, its rows and its free room add up to a page; a row may be missing where they do not. */
  readonly addsUp: boolean;
}

const TYPE = { indexInterior: 2, tableInterior: 5, indexLeaf: 10, tableLeaf: 13 } as const;

/** A table's cell keeps so much in its page at most, and an index's less: see "B-tree Pages" in the file format. */
const mostOf = (usable: number, isTable: boolean): number =>
  isTable ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23;
const leastOf = (usable: number): number => Math.floor(((usable - 12) * 32) / 255) - 23;

/** The rows in a page. A page of content that overflowed from others has none. */
export function cellsOf(pages: Pages, number: number): Found {
  const page = pages.read(number);
  const start = number === 1 ? 100 : 0;
  const type = page[start];
  switch (type) {
    case TYPE.tableLeaf:
      return inOrder(readCells(pages, page, start, true, 8));
    case TYPE.indexLeaf:
      return readCells(pages, page, start, false, 8);
    case TYPE.indexInterior:
      return readCells(pages, page, start, false, 12);
    case TYPE.tableInterior:
    case 0:
      return { cells: [], addsUp: true };
    default: {
      // One bit of its type may be all that is wrong: rows prove themselves by their checksums.
      const cells = [true, false].flatMap((isTable) => readCells(pages, page, start, isTable, 8).cells);
      return { cells, addsUp: false };
    }
  }
}

function readCells(pages: Pages, page: Buffer, start: number, isTable: boolean, headBytes: number): Found {
  const count = page.readUInt16BE(start + 3);
  const pointers = start + headBytes;
  const cells: Cell[] = [];
  let room = freeRoom(page, start);
  for (let index = 0; index < count; index += 1) {
    const pointer = pointers + 2 * index;
    if (pointer + 2 > page.length) break;
    // A page inside of an index's tree names the page to the left of each of its rows first.
    const left = headBytes === 12 ? 4 : 0;
    const at = page.readUInt16BE(pointer) + left;
    const cell = at < page.length ? readCell(pages, page, at, isTable) : unreadable;
    cells.push(cell);
    // A row takes at least the four bytes that a free block in its place needs.
    room += Math.max(4, cell.bytes + left);
  }
  const content = page.readUInt16BE(start + 5);
  return { cells, addsUp: cells.length === count && room === pages.usable - content };
}

/** Bytes between the start of the rows and the end of the page that are of no row. */
function freeRoom(page: Buffer, start: number): number {
  let room = page[start + 7] ?? 0;
  for (let block = page.readUInt16BE(start + 1); block > 0 && block + 4 <= page.length;) {
    room += page.readUInt16BE(block + 2);
    const next = page.readUInt16BE(block);
    if (next <= block) break;
    block = next;
  }
  return room;
}

/** A cell, and how many bytes of its page it takes. */
type SizedCell = Cell & { readonly bytes: number };
const unreadable: SizedCell = { rowid: null, columns: null, bytes: 0 };

function readCell(pages: Pages, page: Buffer, at: number, isTable: boolean): SizedCell {
  const size = readVarint(page, at);
  const rowid = size !== null && isTable ? readVarint(page, size.end) : null;
  if (size === null || (isTable && rowid === null)) return unreadable;
  const start = rowid?.end ?? size.end;
  const payload = readPayload(pages, page, start, size.value, isTable);
  const bytes = start - at + (payload?.inPage ?? 0);
  return { rowid: rowid?.value ?? null, columns: payload === null ? null : decodeRecord(payload.bytes), bytes };
}

/** The bytes of a row, those that did not fit into its page included; null when they are not there. */
function readPayload(
  pages: Pages,
  page: Buffer,
  at: number,
  size: number,
  isTable: boolean,
): { readonly bytes: Buffer; readonly inPage: number } | null {
  const { usable } = pages;
  const most = mostOf(usable, isTable);
  if (size <= most) return at + size <= page.length ? { bytes: page.subarray(at, at + size), inPage: size } : null;
  if (size > pages.count * usable) return null;
  const least = leastOf(usable);
  const fitting = least + ((size - least) % (usable - 4));
  const local = fitting <= most ? fitting : least;
  if (at + local + 4 > page.length) return null;
  const parts = [page.subarray(at, at + local)];
  let next = page.readUInt32BE(at + local);
  for (let left = size - local; left > 0; left -= usable - 4) {
    if (next < 1 || next > pages.count) return null;
    const overflow = pages.read(next);
    parts.push(overflow.subarray(4, 4 + Math.min(left, usable - 4)));
    next = overflow.readUInt32BE(0);
  }
  return { bytes: Buffer.concat(parts), inPage: local + 4 };
}

/**
 * Rows of a table lie in order of their ids, so a damaged id stands out, whether the row's checksum takes it in or not:
 * without it the order is right.
 */
function inOrder({ cells, addsUp }: Found): Found {
  const checked = cells.map((cell, index) => {
    const { rowid } = cell;
    const before = cells[index - 1]?.rowid ?? -Infinity;
    const after = cells[index + 1]?.rowid ?? Infinity;
    const isOut = rowid !== null && !(before < rowid && rowid < after) && before < after;
    return isOut ? { rowid, columns: null } : cell;
  });
  return { cells: checked, addsUp };
}
