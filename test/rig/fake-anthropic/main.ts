import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { defaultAnswer } from "./answer.ts";
import { startFakeAnthropic } from "./fake-anthropic.ts";

// The fake as a process, for benches and for trying things by hand:
//   node test/rig/fake-anthropic/main.ts --port 0 --delay-ms 100
// Prints one JSON line with its URL, answers everything by itself, and ends when its stdin does.
const { values } = parseArgs({
  options: { port: { type: "string", default: "0" }, "delay-ms": { type: "string", default: "0" } },
});
const delayMs = Number(values["delay-ms"]);
const fake = await startFakeAnthropic({
  port: Number(values.port),
  answers: async (request) => {
    if (delayMs > 0) await wait(delayMs);
    return defaultAnswer(request.body);
  },
});
process.stdout.write(`${JSON.stringify({ url: fake.url })}\n`);
process.stdin.resume().once("end", () => void fake.close());
