// Preloaded into the command (`node --import`): it dies by SIGKILL at the commit that CRASH_AT names (1, 2, 3, ...),
// CRASH_WHEN `before` it, `inside` it (another thread sends the signal while SQLite writes) or `after` it.
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";

const at = Number(process.env["CRASH_AT"]);
const when = process.env["CRASH_WHEN"];

function die(): void {
  process.kill(process.pid, "SIGKILL");
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** 0 = the thread starts, 1 = it waits, 2 = it kills. */
const signal = new Int32Array(new SharedArrayBuffer(4));
if (when === "inside") {
  const code = `
    const { workerData } = require("node:worker_threads");
    Atomics.store(workerData, 0, 1);
    Atomics.notify(workerData, 0);
    Atomics.wait(workerData, 0, 1);
    process.kill(process.pid, "SIGKILL");`;
  new Worker(code, { eval: true, workerData: signal }).unref();
}

let commits = 0;
const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (sql: string): void {
  if (sql === "COMMIT") commits += 1;
  const isTheOne = sql === "COMMIT" && commits === at;
  if (isTheOne && when === "before") die();
  if (isTheOne && when === "inside") {
    Atomics.wait(signal, 0, 0);
    Atomics.store(signal, 0, 2);
    Atomics.notify(signal, 0);
  }
  exec.call(this, sql);
  if (isTheOne) die();
};
