// Run under the shim: `node power-life.ts FOLDER COMMITS`. A run that commits, with a mark for each thing that the store
// has acknowledged; the store is closed and opened again on the way.
import { commit, openAt, owner, RUN, tell } from "./saved-run.ts";

const [folder = "", commits = "0"] = process.argv.slice(2);
const mark = (text: string): void => tell(folder, `.mark.${text}`);

let store = openAt(folder);
mark("begin.run");
let lease = store.createRun(RUN, owner);
mark("done.run");
for (let n = 1; n <= Number(commits); n += 1) {
  mark(`begin.${n}`);
  commit(store, lease, n);
  mark(`done.${n}`);
  if (n % 5 === 0) {
    mark(`begin.value.${n}`);
    store.state.set("last", n);
    mark(`done.value.${n}`);
  }
  if (n % 60 > 0) continue;
  // Its log goes into the file and is deleted.
  store.close();
  store = openAt(folder);
  const taken = store.acquireLease("R", owner, () => true);
  if (!taken.ok) throw new Error("the lease is not free");
  lease = taken.lease;
}
