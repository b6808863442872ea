import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { median } from "../finding.ts";

/** How long the disk takes to make a page durable: the median of 500 appends of 4 KiB, each with its fdatasync. */
export function fsyncMs(folder: string): number {
  const file = openSync(join(folder, "fsync"), "w");
  const page = Buffer.alloc(4096, 1);
  const times = Array.from({ length: 500 }, () => {
    const from = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    return performance.now() - from;
  });
  closeSync(file);
  return median(times);
}
