// listr2: tasks that start a program each, eight at once. Nothing is kept.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { load, measure, timed } from "./tools.mjs";

const { Listr } = await load("listr2", "listr2");

await measure({
  processes: ({ size }) =>
    timed(() =>
      new Listr(
        Array.from({ length: size }, (_, i) => ({
          title: `t${i}`,
          task: async () => void (await once(spawn("true", { stdio: "ignore" }), "close")),
        })),
        { concurrent: 8, renderer: "silent" },
      ).run(),
    ),
});
