// The child of crash.test.ts: takes over run R1 in the file argv[2] and commits one event and one fact at a time,
// telling each commit on stdout only once it has returned.
import { writeSync } from "node:fs";
import { openSqliteStore } from "../../../../src/store/sqlite/open.ts";
import { systemClock } from "../../../../src/util/clock.ts";

const store = openSqliteStore({ path: process.argv[2] as string, clock: systemClock, warnings: process });
const owner = { host: "child", pid: process.pid, processStart: null, renewedAt: Date.now() };
const result = store.acquireLease("R1", owner, () => true);
if (!result.ok) throw new Error("the lease was refused");
for (let seq = store.lastSeq("R1") + 1; ; seq++) {
  store.commit(result.lease, {
    events: [{ seq, at: seq, type: "log", data: { text: "x".repeat(seq % 5000) } }],
    facts: [
      {
        key: `k${seq}`,
        fingerprint: "f",
        state: "started",
        starts: 1,
        startedAt: seq,
        endedAt: null,
        output: null,
        extra: null,
        failure: null,
        model: null,
        usage: null,
        costUsd: null,
      },
    ],
    activeMs: seq,
  });
  writeSync(1, `${seq}\n`);
}
