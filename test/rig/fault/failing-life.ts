// Run under the shim: `node failing-life.ts FOLDER TRIALS SEED`. Commits while calls of the system fail, and prints what
// came of it as JSON: how many commits failed, and every rule that was broken.
import { StoreError } from "../../../src/store/store.ts";
import { randomOf } from "./share.ts";
import { commit, openAt, owner, problemsOf, RUN, tell } from "./saved-run.ts";

const [folder = "", trials = "0", seed = "0"] = process.argv.slice(2);
const random = randomOf(Number(seed));
const among = (most: number): number => 1 + Math.floor(random() * most);
const EIO = 5;
const ENOSPC = 28;

let store = openAt(folder);
let lease = store.createRun(RUN, owner);
let acknowledged = 0;
let begun = 0;
let failed = 0;
const byCode: { [code: string]: number } = {};
const problems: string[] = [];

/** As a resume does it. */
function startAnew(): void {
  try {
    store.close();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
  store = openAt(folder);
  const taken = store.acquireLease("R", owner, () => true);
  if (!taken.ok) throw new Error("the lease is not free");
  lease = taken.lease;
}

/** Only a failing call ends it; a trial whose call never came is none. */
for (let trial = 1; failed < Number(trials); trial += 1) {
  const kind = random() < 0.7 ? "sync" : "write";
  const errno = random() < 0.5 ? EIO : ENOSPC;
  tell(folder, `.fail.${kind}.${among(kind === "sync" ? 2 : 8)}.${errno}.${among(3)}`);
  begun = store.lastSeq("R") + 1;
  try {
    commit(store, lease, begun);
    acknowledged = begun;
  } catch (error) {
    failed += 1;
    if (error instanceof StoreError) byCode[error.code] = (byCode[error.code] ?? 0) + 1;
    else problems.push(`trial ${trial}: ${String(error)}`);
  }
  tell(folder, `.fail.sync.0.${EIO}.0`);
  tell(folder, `.fail.write.0.${EIO}.0`);
  const last = store.lastSeq("R");
  if (last < acknowledged || last > begun)
    problems.push(`trial ${trial}: ${last} commits, ${acknowledged} acknowledged`);
  if (random() < 0.2) startAnew();
  if (trial % 50 === 0)
    problems.push(...problemsOf(store, acknowledged, begun).map((text) => `trial ${trial}: ${text}`));
  acknowledged = store.lastSeq("R");
}
startAnew();
problems.push(...problemsOf(store, acknowledged, begun));
store.close();
process.stdout.write(JSON.stringify({ failed, byCode, commits: acknowledged, problems }));
