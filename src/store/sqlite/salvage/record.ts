/** A value of a row. */
export type Column = null | number | string | Uint8Array;

/** A number of 1 to 9 bytes, and where it ends; null when it is not there or larger than any that muster writes. */
export function readVarint(bytes: Buffer, start: number): { readonly value: number; readonly end: number } | null {
  let value = 0;
  for (let at = start; at < start + 9; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) return null;
    value = at === start + 8 ? value * 256 + byte : value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER) return null;
    if (byte < 0x80 || at === start + 8) return { value, end: at + 1 };
  }
  return null;
}

/** The columns of a row ("Record Format" of the file format); null when the bytes are no row. */
export function decodeRecord(bytes: Buffer): readonly Column[] | null {
  const head = readVarint(bytes, 0);
  if (head === null || head.value > bytes.length) return null;
  const columns: Column[] = [];
  let at = head.value;
  for (let place = head.end; place < head.value;) {
    const type = readVarint(bytes, place);
    if (type === null) return null;
    place = type.end;
    const size = sizeOf(type.value);
    if (size === null || at + size > bytes.length) return null;
    const column = valueOf(type.value, bytes.subarray(at, at + size));
    if (column === undefined) return null;
    columns.push(column);
    at += size;
  }
  return columns;
}

/** Bytes of a value by its type; null = no such type. */
function sizeOf(type: number): number | null {
  if (type >= 12) return Math.floor((type - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0][type] ?? null;
}

/** undefined = a number that no JavaScript number holds. */
function valueOf(type: number, bytes: Buffer): Column | undefined {
  if (type >= 12) return type % 2 === 0 ? new Uint8Array(bytes) : bytes.toString("utf8");
  switch (type) {
    case 0:
      return null;
    case 6: {
      const value = Number(bytes.readBigInt64BE(0));
      return Number.isSafeInteger(value) ? value : undefined;
    }
    case 7:
      return bytes.readDoubleBE(0);
    case 8:
      return 0;
    case 9:
      return 1;
    default:
      return bytes.readIntBE(0, bytes.length);
  }
}
