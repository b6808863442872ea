/** The write-ahead log: https://www.sqlite.org/fileformat2.html#the_write_ahead_log. */
const HEADER_BYTES = 32;
const FRAME_BYTES = 24;
/** The last bit tells in which order of bytes its checksums were made. */
const MAGIC = 0x377f0682;

/** The newest content of each page in a log, up to its last transaction that is whole. */
export function latestPages(log: Buffer, pageBytes: number): Map<number, Buffer> {
  const latest = new Map<number, Buffer>();
  if (log.length < HEADER_BYTES || (log.readUInt32BE(0) & ~1) >>> 0 !== MAGIC || log.readUInt32BE(8) !== pageBytes)
    return latest;
  const word = log.readUInt32BE(0) === MAGIC ? "readUInt32LE" : "readUInt32BE";
  const sum = (of: Sum, start: number, end: number): Sum => {
    let [a, b] = of;
    for (let at = start; at < end; at += 8) {
      a = (a + log[word](at) + b) >>> 0;
      b = (b + log[word](at + 4) + a) >>> 0;
    }
    return [a, b];
  };
  const matches = ([a, b]: Sum, at: number): boolean => a === log.readUInt32BE(at) && b === log.readUInt32BE(at + 4);
  let running = sum([0, 0], 0, 24);
  if (!matches(running, 24)) return latest;
  const salt = log.subarray(16, 24);
  let open = new Map<number, Buffer>();
  for (let at = HEADER_BYTES; at + FRAME_BYTES + pageBytes <= log.length; at += FRAME_BYTES + pageBytes) {
    const content = at + FRAME_BYTES;
    running = sum(sum(running, at, at + 8), content, content + pageBytes);
    if (!salt.equals(log.subarray(at + 8, at + 16)) || !matches(running, at + 16)) break;
    open.set(log.readUInt32BE(at), log.subarray(content, content + pageBytes));
    const isCommit = log.readUInt32BE(at + 4) > 0;
    if (!isCommit) continue;
    for (const [page, bytes] of open) latest.set(page, bytes);
    open = new Map();
  }
  return latest;
}

type Sum = readonly [number, number];
