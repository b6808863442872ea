/** A call that changed files, as the shim wrote it down (syscalls.c has the letters). */
export type SystemCall =
  | { readonly kind: "create" | "unlink" | "mkdir" | "sync"; readonly path: string }
  | { readonly kind: "mark"; readonly text: string }
  | { readonly kind: "write"; readonly path: string; readonly offset: number; readonly data: Buffer }
  | { readonly kind: "truncate"; readonly path: string; readonly size: number }
  | { readonly kind: "rename" | "link"; readonly path: string; readonly to: string };

const KINDS = {
  c: "create",
  u: "unlink",
  d: "mkdir",
  s: "sync",
  m: "mark",
  w: "write",
  t: "truncate",
  r: "rename",
  l: "link",
} as const;

/** Reads the log of the shim. */
export function readCalls(log: Buffer): SystemCall[] {
  const calls: SystemCall[] = [];
  for (let at = 0; at < log.length;) {
    const kind = KINDS[String.fromCharCode(log[at] ?? 0) as keyof typeof KINDS];
    const [offset = 0, pathBytes = 0, dataBytes = 0] = [1, 9, 17].map((n) => Number(log.readBigUInt64LE(at + n)));
    const path = log.toString("utf8", at + 25, at + 25 + pathBytes);
    const data = log.subarray(at + 25 + pathBytes, at + 25 + pathBytes + dataBytes);
    at += 25 + pathBytes + dataBytes;
    if (kind === "mark") calls.push({ kind, text: path });
    else if (kind === "write") calls.push({ kind, path, offset, data });
    else if (kind === "truncate") calls.push({ kind, path, size: offset });
    else if (kind === "rename" || kind === "link") calls.push({ kind, path, to: data.toString("utf8") });
    else calls.push({ kind, path });
  }
  return calls;
}
