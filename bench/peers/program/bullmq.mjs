// BullMQ on Redis with an append-only file that is synced at every write. A chain is a job that adds the next one.
import { ask, load, measure, timed, told } from "./tools.mjs";

const { Queue, Worker } = await load("bullmq", "bullmq");
const connection = { host: "127.0.0.1", port: told.redis };

async function run(concurrency, size, work) {
  const queue = new Queue("bench", { connection });
  await queue.waitUntilReady();
  let left = size;
  let over;
  const done = new Promise((resolve) => (over = resolve));
  const worker = new Worker("bench", (job) => work(job, queue), { connection, concurrency });
  worker.on("completed", () => {
    left -= 1;
    if (left === 0) over();
  });
  await worker.waitUntilReady();
  const ms = await timed(async () => {
    if (concurrency === 1) await queue.add("job", 1);
    else await queue.addBulk(Array.from({ length: size }, (_, n) => ({ name: "job", data: n })));
    await done;
  });
  await worker.close();
  await queue.close();
  return ms;
}

await measure({
  chain: ({ size }) =>
    run(1, size, async ({ data }, queue) => void (data < size && (await queue.add("job", data + 1)))),
  fan: ({ size }) => run(64, size, async () => 1),
  calls: ({ size, url }) => run(20, size, () => ask(url)),
});
