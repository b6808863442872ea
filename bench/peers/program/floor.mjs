// What the work costs without an engine: one line and one fdatasync a step; rows of SQLite in groups of 64; p-limit alone.
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ask, load, measure, timed } from "./tools.mjs";

const { default: pLimit } = await load("p-limit", "p-limit");

await measure({
  chain({ size, folder }) {
    const file = openSync(join(folder, "chain.ndjson"), "w");
    return timed(() => {
      for (let i = 0; i < size; i += 1) {
        writeSync(file, `{"step":"s${i}","state":"succeeded","output":"done"}\n`);
        fdatasyncSync(file);
      }
      closeSync(file);
    });
  },
  fan({ size, folder }) {
    const db = new DatabaseSync(join(folder, "fan.db"));
    db.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE fact (key TEXT PRIMARY KEY, output TEXT)",
    );
    const insert = db.prepare("INSERT INTO fact VALUES (?, ?)");
    return timed(() => {
      for (let from = 0; from < size; from += 64) {
        db.exec("BEGIN");
        for (let i = from; i < Math.min(size, from + 64); i += 1) insert.run(`each/${i}`, "done");
        db.exec("COMMIT");
      }
    });
  },
  calls({ size, url }) {
    const limit = pLimit(20);
    return timed(() => Promise.all(Array.from({ length: size }, () => limit(() => ask(url)))));
  },
});
