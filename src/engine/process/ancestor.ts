import { readProcess, type ProcessEntry } from "./process-table.ts";

/** The process that a process came from, and so on up to the first. Empty where there is no /proc (macOS). */
export function ancestorsOf(pid: number): readonly ProcessEntry[] {
  const line: ProcessEntry[] = [];
  const seen = new Set([pid]);
  for (let next = readProcess(pid)?.parentPid ?? 0; next > 0 && !seen.has(next);) {
    seen.add(next);
    const entry = readProcess(next);
    if (entry === null) break;
    line.push(entry);
    next = entry.parentPid;
  }
  return line;
}
