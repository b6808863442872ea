import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAuditFile, type AuditFileOptions } from "../../../src/reporter/audit-file.ts";
import type { StoredEvent } from "../../../src/run/event.ts";

const DAY_MS = 86_400_000;
const T0 = Date.parse("2026-06-01T00:00:00.000Z");
const event = (seq: number, at = T0): StoredEvent => ({ seq, at, type: "step.started", step: `s${seq}` });
const all = [1, 2, 3, 4].map((seq) => event(seq));

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-audit-"));
  path = join(folder, "sub", "audit.ndjson");
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(more: Partial<AuditFileOptions> = {}) {
  return openAuditFile({
    path,
    keepMs: null,
    runId: "R",
    from: 0,
    readEvents: (after) => all.slice(after),
    readValue: () => "",
    now: () => T0,
    warn: (message) => {
      throw new Error(message);
    },
    ...more,
  });
}

const seqs = (file = path): (number | string)[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => {
      try {
        return (JSON.parse(text) as { readonly seq: number }).seq;
      } catch {
        return text;
      }
    });

describe("the audit file", () => {
  it("takes events in order, and says what is durable", () => {
    const copy = open();
    copy.onEvents(all.slice(0, 2));
    expect(copy.sync()).toBe(2);
    copy.onEvents(all.slice(2));
    expect([copy.sync(), seqs()]).toEqual([4, [1, 2, 3, 4]]);
    copy.close();
  });

  it("writes what was missed first, and begins a new line behind one that was cut", () => {
    const first = open();
    first.onEvents(all.slice(0, 1));
    first.close();
    writeFileSync(path, '{"seq":2,"ty', { flag: "a" });
    const copy = open({ from: 1 });
    copy.onEvents(all.slice(3));
    expect(seqs()).toEqual([1, '{"seq":2,"ty', 2, 3, 4]);
    copy.close();
  });

  it("warns once when it cannot be written, and goes on as soon as it can", () => {
    const told: string[] = [];
    let isBroken = true;
    const copy = open({
      warn: (message) => told.push(message),
      readEvents: (after) => {
        if (isBroken) throw new Error("ENOSPC: no space left on device");
        return all.slice(after);
      },
    });
    copy.onEvents(all.slice(1, 2));
    copy.onEvents(all.slice(2, 3));
    expect(told).toEqual([
      `the audit copy ${path} cannot be written: ENOSPC: no space left on device; the run goes on`,
    ]);
    expect(copy.sync()).toBe(0);
    isBroken = false;
    copy.onEvents(all.slice(3));
    expect([copy.sync(), seqs(), told.length]).toEqual([4, [1, 2, 3, 4], 1]);
    copy.close();
  });

  it("puts an old part aside, keeps it as long as it is wanted, and loses nothing of who still writes to it", () => {
    const early = open({ keepMs: 8 * DAY_MS });
    early.onEvents(all.slice(0, 2));
    const late = open({ keepMs: 8 * DAY_MS, from: 2, now: () => T0 + 3 * DAY_MS });
    late.onEvents(all.slice(2, 3));
    early.onEvents(all.slice(2));
    const [part = ""] = readdirSync(join(folder, "sub")).filter((name) => name !== "audit.ndjson");
    expect(part).toMatch(/^audit\.20260604T000000Z-[0-9a-f]{6}\.ndjson$/);
    expect([seqs(join(folder, "sub", part)), seqs()]).toEqual([[1, 2, 3, 4], [3]]);
    utimesSync(join(folder, "sub", part), T0 / 1000, T0 / 1000);
    writeFileSync(join(folder, "sub", "audit.mine.ndjson"), "");
    utimesSync(join(folder, "sub", "audit.mine.ndjson"), 0, 0);
    open({ keepMs: 8 * DAY_MS, from: 3, now: () => T0 + 9 * DAY_MS }).close();
    expect(readdirSync(join(folder, "sub")).filter((name) => name === part || name === "audit.mine.ndjson")).toEqual([
      "audit.mine.ndjson",
    ]);
    early.close();
    late.close();
  });
});
